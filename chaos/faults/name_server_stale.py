"""One authoritative server keeps what it has: a change of the zone does not arrive there.

::

    inject    the driver has that server hold its zone
    receipt   a change that nobody asks for, made at the first server, does not arrive
    undo      the driver lets the server follow again
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.dns_updates_refused import NAME_SERVERS
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 20.0


def _owed(_: Fault | Condition) -> dict[str, str]:
    return {"site": NAME_SERVERS}


def _inject(context: Context, _: Fault | Condition) -> None:
    context.driver.set_second_name_server("stale")


def _receipt(context: Context, _: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    if context.driver.second_name_server() != "stale":
        raise NoReceipt("a change of the zone still arrives at the second authoritative server")
    return seen


def _undo(driver: Driver, _: Mapping[str, str]) -> None:
    driver.set_second_name_server("following")


def _lifted(context: Context, _: Mapping[str, str]) -> None:
    context.await_seen(lambda: context.driver.second_name_server() == "following", _WITHIN_S, NAME_SERVERS)


NAME_SERVER_STALE = Kind(
    name="name-server-stale",
    about="one of the authoritative servers keeps its records and follows no change",
    proof="a change made at the first server did not arrive at the second",
    needs=("set_second_name_server", "second_name_server"),
    inverse="let-name-server-follow",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
