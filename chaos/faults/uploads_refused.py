"""Health says 200 while uploads fail: the service has lost the right to write, as after a migration gone wrong.

::

    inject    the driver takes the right to write away from the service's role in the active database
    receipt   the database says so, and the health page, asked from outside, is content all the same
    undo      the driver gives the right back
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 10.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.set_uploads(fault.site, "refused")


def _receipt(context: Context, fault: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    state, ready = context.driver.uploads_state(fault.site)
    if state != "refused":
        raise NoReceipt(f"the database of {fault.site} still lets the service write")
    if not ready:
        raise NoReceipt(f"the health page of {fault.site} does not say that it is ready: it does not lie")
    return seen


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.set_uploads(parameters["site"], "taken")


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.driver.uploads_state(site)[0] == "taken", _WITHIN_S, site)


UPLOADS_REFUSED = Kind(
    name="uploads-refused",
    about="the service may not write any more, while its health page says that all is well",
    proof="the database says that the service may not write, and the health page that all is well",
    needs=("set_uploads", "uploads_state"),
    inverse="let-write",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
