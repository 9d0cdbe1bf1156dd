"""That measuring works. What it measures is this machine's business; figures that do not depend on it are asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from drill.scale.costs import Machine, Point
from drill.scale.generator import Dark, measure
from drill.scale.measure import QUICK, machine, overdue_us, rounded


@pytest.fixture(scope="module")
def point(tmp_path_factory: pytest.TempPathFactory) -> Point:
    return Point.model_validate(measure(tmp_path_factory.mktemp("scale") / "a", 40, settle_s=1, lasts_s=4, delay_ms=50))


def test_a_point_has_the_rate_that_was_asked_for_and_the_latency_of_the_peer(point: Point) -> None:
    # a machine that stands still for a second of the four has its attempts before or after them
    assert 20 < point.attempts / point.lasted_s < 60
    # no answer before the peer's delay, and none after the end: how long a busy machine makes it wait is not our business
    assert 50 <= point.answer_ms < point.lasted_s * 1000
    # Little's law with medians in place of means: a few slow attempts on a busy machine double what is open
    at_median = 40 * (point.answer_ms + point.connect_ms) / 1000
    assert 0.5 * at_median < point.in_flight < 4 * at_median
    assert point.lag_p50_ms <= point.lag_p99_ms


def test_an_attempt_is_two_records(point: Point) -> None:
    """What was on its way at the end has one of them only: few, and as many more as a slow machine had open all the while."""
    open_at_the_end = point.in_flight / point.attempts
    assert (0.85 - open_at_the_end) * 125.6 < point.history_bytes < 1.03 * 125.6


def test_every_part_was_timed_and_none_took_more_than_the_whole(point: Point) -> None:
    parts = point.parts.parts
    assert {"prepare", "begin", "dial", "hello", "finish", "answer", "take", "write", "second", "frame"} <= set(parts)
    inside = sum(part.cpu_s * part.calls for name, part in parts.items() if name != "prepare")
    assert 0 < inside < point.parts.cpu_s * 1.05
    assert parts["prepare"].calls == pytest.approx(point.attempts, rel=0.3)


def test_in_the_dark_nothing_is_answered_and_everybody_tries_again(tmp_path: Path) -> None:
    found = measure(tmp_path / "dark", 20, settle_s=1, lasts_s=9, delay_ms=10, dark=Dark(2, 5))
    assert found["parts"]["parts"]["drop"]["calls"] > 20
    assert found["connections_most"] > 40, "each stays open for the connect timeout of 3 s"
    assert max(found["per_second"]) > 25


def test_a_machine_has_no_name() -> None:
    assert set(machine().model_dump()) == set(Machine.model_fields) == {"cores", "cpu", "memory_gb", "system", "python"}


def test_figures_are_rounded_to_five_digits() -> None:
    assert rounded({"a": [1.23456789, 2], "b": 123456.789, "c": "x"}) == {"a": [1.2346, 2], "b": 123460.0, "c": "x"}


def test_looking_for_what_is_overdue_takes_less_than_a_hundredth_of_an_upload() -> None:
    assert 0 < overdue_us() < 20


def test_the_quick_extent_holds_out_a_rate_and_measures_every_kind() -> None:
    assert len(QUICK.rates) > 2
    assert QUICK.rounds
    assert QUICK.outages
