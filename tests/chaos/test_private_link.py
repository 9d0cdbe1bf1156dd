"""The receipt of a private link that loses packets is what was measured, whatever was ordered."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from chaos.context import Context
from chaos.faults import fault
from chaos.faults.kind import NoReceipt
from chaos.faults.private_link import lost_share, rounds
from results.plan import Fault, Plan

KIND = fault("private-link")


class Link:
    """Loses that share of the round trips."""

    def __init__(self, lost: float) -> None:
        self.lost, self.asked, self.ordered = lost, 0, 0.0

    def private_loss(self, rounds: int) -> float:
        self.asked = rounds
        return self.lost

    def lossy_private_link(self, loss: float) -> None:
        self.ordered = loss


def context(link: Link, loss: float) -> tuple[Context, Fault]:
    own = Fault(name="private-link", how="lossy", loss=loss)

    def await_seen(seen: Callable[[], bool], within_s: float, what: str) -> None:
        if not seen():
            raise RuntimeError(f"{what}: not seen to come back within {within_s:g} s")

    clock = SimpleNamespace(now_ns=lambda: 7)
    made = SimpleNamespace(driver=link, clock=clock, plan=Plan(drill="x", fault=own), await_seen=await_seen)
    return cast("Context", made), own


def test_it_is_ordered_as_the_plan_says() -> None:
    link = Link(0)
    KIND.inject(*context(link, 0.05))
    assert link.ordered == 0.05


@pytest.mark.parametrize(
    ("loss", "lost"),
    [
        (0.02, 0.0396),  # as expected: 1 - 0.98^2
        (0.02, 0.0199),  # a little more than half of that
        (0.5, 1.0),
    ],
)
def test_at_least_half_of_the_expected_share_is_a_receipt(loss: float, lost: float) -> None:
    link = Link(lost)
    assert KIND.receipt(*context(link, loss)) == 7
    assert link.asked == rounds(loss)


@pytest.mark.parametrize(("loss", "lost"), [(0.02, 0.0), (0.02, 0.0197), (0.5, 0.3)])
def test_less_is_none(loss: float, lost: float) -> None:
    with pytest.raises(NoReceipt, match=r"round trips over the private link did not come back at once \(at least"):
        KIND.receipt(*context(Link(lost), loss))


def test_it_is_lifted_when_round_trips_come_back() -> None:
    KIND.lifted(context(Link(0), 0.02)[0], {})
    with pytest.raises(RuntimeError, match="private link: not seen to come back"):
        KIND.lifted(context(Link(0.04), 0.02)[0], {})


@pytest.mark.parametrize("loss", [0.01, 0.02, 0.05, 0.5])
def test_so_many_are_tried_that_forty_are_expected_to_be_lost(loss: float) -> None:
    assert 40 <= rounds(loss) * lost_share(loss) < 41
