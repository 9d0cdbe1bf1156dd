"""The private link between the sites is down, passes one way only, or is slow; patients reach both sites all the while.

::

    inject    the driver sets the link
    receipt   a round trip over the link, measured: none comes back, or it takes at least 80 % of what was added
    undo      the driver mends the link, and brings the survivor back as a mirror (a runbook may have gone on without it)
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_SHARE_OF_DELAY = 0.8  # what a lab's timer and the rounding of delays may take away
_WITHIN_S = 15.0


def _owed(_: Fault | Condition) -> dict[str, str]:
    return {"site": "private-link"}


def _inject(context: Context, fault: Fault | Condition) -> None:
    if fault.how == "slow":
        context.driver.slow_private_link(context.plan.fault.more_ms)
    else:
        context.driver.set_private_link(fault.how)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    trip = context.driver.private_round_trip_ms()
    if fault.how != "slow":
        if trip is not None:
            raise NoReceipt(f"a round trip over the private link still takes {trip:.1f} ms")
        return seen
    least = _SHARE_OF_DELAY * 2 * context.plan.fault.more_ms
    if trip is None or trip < least:
        shown = "does not come back" if trip is None else f"takes {trip:.1f} ms"
        raise NoReceipt(f"a round trip over the private link {shown} (at least {least:g} ms)")
    return seen


def _undo(driver: Driver, _: Mapping[str, str]) -> None:
    driver.mend_private_link()


def _lifted(context: Context, _: Mapping[str, str]) -> None:
    def back() -> bool:
        trip = context.driver.private_round_trip_ms()
        return trip is not None and (context.plan.fault.how != "slow" or trip < context.plan.fault.more_ms)

    context.await_seen(back, _WITHIN_S, "private link")


PRIVATE_LINK = Kind(
    name="private-link",
    about="the private link between the sites is down, passes one way only, or is slow",
    proof="a round trip over the link, measured: none, or at least 80 % of what was added",
    needs=("mend_private_link", "private_round_trip_ms"),
    needs_by_how={
        **dict.fromkeys(("down", "one-way"), ("set_private_link",)),
        "slow": ("slow_private_link",),
    },
    inverse="mend-private-link",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
    hows=("down", "one-way", "slow"),
)
