"""Connections end with whatever is on its way: uploads that are committed, and whose answers never arrive.

::

    inject    the driver has the balancer end every connection to the servers
    receipt   the balancer's own count of those that there were
    undo      nothing: new connections are taken all the while
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 5.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    """Again until there was one: between two uploads there may be none."""
    context.guards.wait_until(lambda: context.driver.cut_connections(fault.site) > 0, _WITHIN_S, every_s=0.02)


def _again(context: Context, fault: Fault | Condition) -> None:
    context.driver.cut_connections(fault.site)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    since = context.clock.now_ns()
    if not context.guards.wait_until(lambda: context.driver.cut_connections(fault.site) > 0, _WITHIN_S, every_s=0.02):
        raise NoReceipt(f"the balancer of {fault.site} had no connection to end")
    return since


def _undo(_: Driver, __: Mapping[str, str]) -> None:
    """Nothing is left of it."""


def _lifted(_: Context, __: Mapping[str, str]) -> None:
    """It ends by itself."""


CONNECTIONS_CUT = Kind(
    name="connections-cut",
    about="connections to the servers end with whatever is on its way, once or again and again",
    proof="the balancer counted connections, and ended them",
    needs=("cut_connections",),
    inverse="let-connections-be",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
    again=_again,
)
