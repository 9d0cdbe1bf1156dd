"""The balancer of a site is stopped, and stays so: everything behind it is well, and no patient gets in.

::

    inject    the driver stops the balancer
    receipt   the process table shows none of it; t0 is the witness's first probe that failed
    undo      the driver restores the site (a runbook may have fenced it), and lets the balancer run
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from chaos.faults.site_loss import BACK_WITHIN_S, unreachable_since
from results.plan import Condition, Fault

BALANCER = "balancer"


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.set_service(fault.site, BALANCER, "stopped")


def _receipt(context: Context, fault: Fault | Condition) -> int:
    state = context.driver.service_state(fault.site, BALANCER)
    if state != "stopped":
        raise NoReceipt(f"the process table shows the balancer of {fault.site} {state}")
    return unreachable_since(context, fault.site)


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.set_service(parameters["site"], BALANCER, "running")
    driver.restore_site(parameters["site"])


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.observer.sees(site) is not False, BACK_WITHIN_S, site)


BALANCER_GONE = Kind(
    name="balancer-gone",
    about="the balancer of a site is gone; everything behind it is well",
    proof="no process of the balancer, and three connections in a row from outside failed; the time is the first one's",
    needs=("set_service", "service_state", "restore_site"),
    inverse="run-balancer",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
