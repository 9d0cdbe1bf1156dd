from __future__ import annotations

import time

import pytest

from drill.scale.worker import INTERRUPTED_S, Parts, table


def test_a_distribution_is_kept_as_quantiles() -> None:
    assert table([]) == [0.0] * 201
    assert table([5.0]) == [5.0] * 201
    kept = table([float(each) for each in range(1001)])
    assert (kept[0], kept[100], kept[200]) == (0, 500, 1000)


def test_nothing_is_noted_before_the_beginning() -> None:
    parts = Parts()
    parts.timed("prepare", time.sleep)(0.001)
    assert not parts.wall
    parts.begin()
    assert parts.timed("prepare", lambda a, b: a + b)(1, b=2) == 3
    assert len(parts.wall["prepare"]) == len(parts.cpu["prepare"]) == 1


def test_what_takes_much_longer_than_its_processor_time_is_an_interruption_and_the_sum_is_kept() -> None:
    parts = Parts()
    parts.begin()
    for wall in [0.001] * 99 + [0.021]:
        parts.note("take", wall, 0.001)
    found = parts.summary()
    assert found["interruptions"] == 1
    assert found["interruptions_s"][0] == pytest.approx(0.021 - 0.001 - INTERRUPTED_S)
    mean = found["parts"]["take"]["wall_s"]
    assert mean * 100 + found["interruptions_s"][0] == pytest.approx(0.99 * 0.1 + 0.021)
    assert found["busy_s"] == pytest.approx(0.99 * 0.1 + 0.021)


def test_a_part_of_short_and_long_steps_is_not_interrupted_by_the_long_ones() -> None:
    parts = Parts()
    parts.begin()
    for wall in [0.0001] * 99 + [0.0009] * 20:
        parts.note("finish", wall, wall)
    found = parts.summary()
    assert found["interruptions"] == 0
    assert found["parts"]["finish"]["wall_s"] == pytest.approx((99 * 0.0001 + 20 * 0.0009) / 119)


def test_a_batch_of_many_uploads_is_no_interruption() -> None:
    parts = Parts()
    parts.begin()
    for wall in [0.001] * 99 + [0.021]:
        parts.note("begin", wall, wall)
    found = parts.summary()
    assert (found["interruptions"], found["busy_s"]) == (0, 0.0)


def test_an_error_of_a_part_is_handed_on_and_its_time_noted() -> None:
    parts = Parts()
    parts.begin()
    with pytest.raises(ZeroDivisionError):
        parts.timed("take", lambda: 1 / 0)()
    assert len(parts.wall["take"]) == 1
