"""The DNS provider's update interface is down: whoever wants to change an entry is refused. Answers go on.

::

    inject    the driver has the first authoritative server hold its zone
    receipt   an update that would change nothing is refused
    undo      the driver lets the zone take changes again
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

NAME_SERVERS = "name-servers"
_WITHIN_S = 10.0


def _owed(_: Fault | Condition) -> dict[str, str]:
    return {"site": NAME_SERVERS}


def _inject(context: Context, _: Fault | Condition) -> None:
    context.driver.set_dns_updates("refused")


def _receipt(context: Context, _: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    if context.driver.dns_updates() != "refused":
        raise NoReceipt("the first authoritative server still takes updates")
    return seen


def _undo(driver: Driver, _: Mapping[str, str]) -> None:
    driver.set_dns_updates("taken")


def _lifted(context: Context, _: Mapping[str, str]) -> None:
    context.await_seen(lambda: context.driver.dns_updates() == "taken", _WITHIN_S, NAME_SERVERS)


DNS_UPDATES_REFUSED = Kind(
    name="dns-updates-refused",
    about="the DNS provider's update interface refuses every change; answers go on",
    proof="an update that would change nothing was refused",
    needs=("set_dns_updates", "dns_updates"),
    inverse="take-dns-updates",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
