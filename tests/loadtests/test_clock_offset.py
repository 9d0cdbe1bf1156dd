"""Offsets of clocks, on exchanges written by hand (ms for ns, which changes nothing)."""

from __future__ import annotations

import pytest

from loadtests.clock_offset import Exchange, best, identity
from results.clock import Clock


@pytest.mark.parametrize(
    ("there", "thinks", "back"),
    [(10, 2, 10), (30, 0, 2), (0, 5, 40), (1, 0, 1)],
)
@pytest.mark.parametrize("offset", [0, 700, -700])
def test_the_true_offset_is_within_half_a_round_trip(there: int, thinks: int, back: int, offset: int) -> None:
    t1 = 1000
    t2 = t1 + there + offset
    t3 = t2 + thinks
    seen = Exchange(t1, t2, t3, t1 + there + thinks + back)
    assert seen.round_trip_ns == there + back
    assert abs(seen.offset_ns - offset) <= seen.round_trip_ns / 2
    if there == back:
        assert seen.offset_ns == offset


def test_the_shortest_round_trip_says_most() -> None:
    quick, slow = Exchange(0, 6, 6, 10), Exchange(0, 80, 80, 100)
    assert best([slow, quick, slow]) == quick
    with pytest.raises(ValueError, match="empty"):
        best([])


def test_one_anchor_is_one_clock() -> None:
    clock = Clock.anchored_now()
    handed_on = Clock.from_environment(clock.to_environment())
    assert identity(clock) == identity(handed_on)
    assert identity(clock) != identity(Clock(clock.wall_ns, clock.monotonic_ns + 1))
