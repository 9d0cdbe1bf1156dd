"""A site's servers get only a part of the processor time that they want, as under a quota.

::

    inject    the driver holds them back for a part of each tenth of a second
    receipt   the process table shows them stopped for at least 80 % of what is taken away
    undo      the driver gives them all of it
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

SHARE = 0.6
_LEAST_STOPPED = 0.8 * (1 - SHARE)
_WITHIN_S = 15.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.throttle(fault.site, SHARE)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    since = context.clock.now_ns()
    stopped = context.driver.stopped_share(fault.site)
    if stopped < _LEAST_STOPPED:
        raise NoReceipt(
            f"the servers of {fault.site} were stopped for {stopped:.0%} of a second (at least {_LEAST_STOPPED:.0%})"
        )
    return since


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.throttle(parameters["site"], 1)


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.driver.stopped_share(site) == 0, _WITHIN_S, f"servers of {site}")


PROCESSOR_SHORT = Kind(
    name="processor-short",
    about=f"a site's servers get {SHARE:.0%} of the processor time that they want",
    proof=f"the process table showed them stopped for at least {_LEAST_STOPPED:.0%} of a second",
    needs=("throttle", "stopped_share"),
    inverse="give-processor",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
