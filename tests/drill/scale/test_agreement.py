"""The simulation against what was measured and held out (`drill/scale/measured.json`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drill.scale import costs as data
from drill.scale.agreement import WITHIN, Row, compare, costs_of, fitted_rates, line, power, simulate, table

# what misses 10 %, and why: docs/scale.md says so too. A line here that agrees again has to go.
_TAIL = "a tail that other tenants of the machine make: rounds of the same rate differ by a factor of up to two"
_RESTING = (
    "how much slower a thread is that rests is fitted by the least rate alone, which was slow in two rounds of three"
)
MISSES: dict[str, str] = {
    "100/s: lag p50": _RESTING,
    "100/s: lag p99": _TAIL,
    "150/s: processor time per attempt": _RESTING,
    "150/s: lag p99": _TAIL,
    "400/s: lag p99": _TAIL,
    "100/s, dark for 15 s: processor time per attempt": _RESTING,
    "100/s, dark for 15 s: lag p50": _RESTING,
    "100/s, dark for 15 s: lag p99": _TAIL,
}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return compare(data.read())


def test_what_was_held_out_is_predicted_within_a_tenth_but_for_what_is_named(rows: list[Row]) -> None:
    held_out = [row for row in rows if not row.fitted]
    assert {row.what for row in held_out if not row.agrees} == set(MISSES), table(held_out)


def test_most_is_held_out(rows: list[Row]) -> None:
    assert sum(not row.fitted for row in rows) > sum(row.fitted for row in rows)
    assert len(MISSES) < sum(not row.fitted for row in rows) / 3 + 1


def test_a_row_says_by_how_much_it_is_off() -> None:
    row = Row("lag", "ms", 10, 10.9, fitted=False)
    assert row.agrees
    assert WITHIN == 0.1
    assert not replace(row, simulated=11.1).agrees
    assert replace(row, measured=0, simulated=0).off == 0
    assert not replace(row, measured=0).agrees
    assert table([row]).endswith("| lag | 10 ms | 10.9 ms | +9% |")
    assert table([replace(row, simulated=12)]).endswith("+20% **misses** |")
    assert table([replace(row, fitted=True)]).endswith("| fitted |")


def test_a_line_goes_through_its_points_and_on() -> None:
    through = line([(10, 1), (30, 5), (20, 3.5)])
    assert [through(x) for x in (10, 20, 30)] == [1, 3.5, 5]
    assert through(15) == 2.25
    assert through(0) == -1.5
    assert through(40) == 6.5


def test_a_power_law_goes_through_its_points_and_on() -> None:
    through = power([(1, 5), (10, 50), (100, 5000)])
    assert [through(x) for x in (1, 2, 10, 20, 100, 1000)] == pytest.approx([5, 10, 50, 200, 5000, 500_000])


def test_what_no_part_shows_of_the_median_lag_is_fitted_at_both_rates() -> None:
    measured = data.read()
    (points, *_) = measured.rounds
    costs = costs_of(points, measured)
    for place in fitted_rates(points):
        point = points[place]
        settled = len(point.per_second) - int(point.lasted_s)
        again = simulate(point, costs, measured.delay_ms).lag_ms(0.5, settled, settled + int(point.lasted_s))
        assert again == pytest.approx(point.lag_p50_ms, rel=0.03)


def test_costs_are_taken_from_the_lowest_rate_and_the_highest_but_one() -> None:
    (points, *_) = data.read().rounds
    assert [points[place].rate for place in fitted_rates(points)] == [50, 300]
