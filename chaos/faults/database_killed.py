"""The active database gets SIGKILL and stays dead; its mirror is well, and so is the rest of its site.

::

    inject    the driver kills the database's processes
    receipt   the process table shows none of them
    undo      the driver restores the site: its database as the mirror of whoever is active then
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from chaos.faults.process_killed import kill
from results.plan import Condition, Fault

DATABASE = "database"
_WITHIN_S = 15.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    kill(context, fault.model_copy(update={"service": DATABASE}))


def _receipt(context: Context, fault: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    state = context.driver.service_state(fault.site, DATABASE)
    if state != "stopped":
        raise NoReceipt(f"the process table shows the database of {fault.site} {state}")
    return seen


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.restore_site(parameters["site"])


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.driver.service_state(site, DATABASE) == "running", _WITHIN_S, DATABASE)


DATABASE_KILLED = Kind(
    name="database-killed",
    about="the active database is killed and stays dead; its mirror is well",
    proof="the process table shows no process of the database",
    needs=("kill_service", "service_state", "restore_site"),
    inverse="restore-database",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
