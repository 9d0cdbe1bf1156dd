"""The private link between the sites is down, passes one way only, is slow, or lossy; patients reach both sites all the while.

::

    inject    the driver sets the link
    receipt   a round trip over the link, measured: none comes back, or it takes at least 80 % of what was added; of a lossy link
              many round trips: at least half as many as expected do not come back at the first attempt
    undo      the driver mends the link, and brings the survivor back as a mirror (a runbook may have gone on without it)
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_SHARE_OF_DELAY = 0.8  # what a lab's timer and the rounding of delays may take away
_WITHIN_S = 15.0
# so many lost round trips are expected of a lossy link: chance takes half of them away once in some 1,500 drills (3.2 sigma)
_EXPECTED_LOST = 40
_SHARE_OF_LOSS = 0.5


def lost_share(loss: float) -> float:
    """Of round trips, when each way loses that share of the packets: one comes back when neither way loses it."""
    return 1 - (1 - loss) ** 2


def rounds(loss: float) -> int:
    """How many round trips tell a link that loses that share from one that loses nothing."""
    return math.ceil(_EXPECTED_LOST / lost_share(loss))


def _owed(_: Fault | Condition) -> dict[str, str]:
    return {"site": "private-link"}


def _inject(context: Context, fault: Fault | Condition) -> None:
    if fault.how == "slow":
        context.driver.slow_private_link(context.plan.fault.more_ms)
    elif fault.how == "lossy":
        context.driver.lossy_private_link(context.plan.fault.loss)
    else:
        context.driver.set_private_link(fault.how)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    if fault.how == "lossy":
        _lossy(context, context.plan.fault.loss)
        return seen
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


def _lossy(context: Context, loss: float) -> None:
    lost, least = context.driver.private_loss(rounds(loss)), _SHARE_OF_LOSS * lost_share(loss)
    if lost < least:
        raise NoReceipt(
            f"{lost:.1%} of {rounds(loss)} round trips over the private link did not come back at once (at least {least:.1%})"
        )


def _undo(driver: Driver, _: Mapping[str, str]) -> None:
    driver.mend_private_link()


def _lifted(context: Context, _: Mapping[str, str]) -> None:
    fault = context.plan.fault

    def back() -> bool:
        trip = context.driver.private_round_trip_ms()
        return trip is not None and (fault.how != "slow" or trip < fault.more_ms)

    def sound() -> bool:
        return context.driver.private_loss(rounds(fault.loss)) < _SHARE_OF_LOSS * lost_share(fault.loss)

    context.await_seen(sound if fault.how == "lossy" else back, _WITHIN_S, "private link")


PRIVATE_LINK = Kind(
    name="private-link",
    about="the private link between the sites is down, passes one way only, is slow, or lossy",
    proof="round trips over the link, measured: none, at least 80 % of what was added, or half of the expected share was lost",
    needs=("mend_private_link", "private_round_trip_ms"),
    needs_by_how={
        **dict.fromkeys(("down", "one-way"), ("set_private_link",)),
        "slow": ("slow_private_link",),
        "lossy": ("lossy_private_link", "private_loss"),
    },
    inverse="mend-private-link",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
    hows=("down", "one-way", "slow", "lossy"),
)
