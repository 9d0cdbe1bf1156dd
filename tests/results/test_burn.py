"""When a burn-rate rule holds, counted event by event."""

from __future__ import annotations

import math

from results.burn import LEAST_BAD, Pair, fires_after_s, fires_at_ns


def test_counted_event_by_event_a_step_of_regular_looks_is_the_formula() -> None:
    pair, second = Pair(36, 3, 0.02, "page"), 1_000_000_000
    events = [(n * second, n < 100) for n in range(140)]
    at = fires_at_ns(pair, 25_920, 0.001, events)
    after = fires_after_s(pair, 25_920, 0.001, 1)
    assert at is not None
    assert after is not None
    assert at / second == 100 + max(math.floor(after), LEAST_BAD - 1), (
        "the first look that is above, and not the only bad one"
    )


def test_looks_that_take_longer_while_they_fail_fire_later() -> None:
    pair, second = Pair(36, 9, 0.1, "page"), 1_000_000_000
    quick = [(n * second, n < 100) for n in range(140)]
    slow = [(n * second, n < 100) for n in range(140) if n < 100 or n % 4 == 0]
    times = [fires_at_ns(pair, 25_920, 0.001, events) for events in (quick, slow)]
    assert None not in times
    assert times[0] < times[1]  # type: ignore[operator] # none is None


def test_good_events_never_fire() -> None:
    assert fires_at_ns(Pair(36, 3, 0.02, "page"), 25_920, 0.001, [(n, True) for n in range(99)]) is None


def test_a_single_bad_event_wakes_nobody() -> None:
    second = 1_000_000_000
    assert fires_at_ns(Pair(36, 3, 0.02, "page"), 25_920, 0.001, [(n * second, n != 50) for n in range(99)]) is None
