"""The DNS entry points to somebody else's host: a slip in the provider's console. That host answers, with its own certificate.

::

    inject    the driver sets the entry to a third host
    receipt   every authoritative server answers with an address of no site
    undo      the driver sets the entry to the site that is active
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_SEEN_WITHIN_S = 5.0
_WITHIN_S = 15.0


def _owed(_: Fault | Condition) -> dict[str, str]:
    return {"site": "dns-entry"}


def _inject(context: Context, _: Fault | Condition) -> None:
    context.driver.misdirect_entry()


def _ours(context: Context) -> list[str]:
    """Servers that give the address of one of the target's sites."""
    return [
        server
        for server, addresses in context.driver.entry().items()
        if not addresses or any(context.target.site_at(address) for address in addresses)
    ]


def _receipt(context: Context, _: Fault | Condition) -> int:
    if not context.guards.wait_until(lambda: not _ours(context), _SEEN_WITHIN_S):
        raise NoReceipt(f"{', '.join(_ours(context))}: no answer, or still the address of a site")
    return context.clock.now_ns()


def _undo(driver: Driver, _: Mapping[str, str]) -> None:
    driver.mend_entry()


def _lifted(context: Context, _: Mapping[str, str]) -> None:
    def back() -> bool:
        said = context.driver.entry()
        return len(_ours(context)) == len(said) and all(said.values())

    context.await_seen(back, _WITHIN_S, "dns-entry")


DNS_WRONG = Kind(
    name="dns-wrong",
    about="the DNS entry points to a host of somebody else, who answers with a certificate of their own",
    proof="every authoritative server answered with an address of no site",
    needs=("misdirect_entry", "mend_entry", "entry"),
    inverse="mend-dns-entry",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
