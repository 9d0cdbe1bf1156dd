"""The simulation against what was measured and held out (`drill/scale/measured.json`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drill.scale import costs as data
from drill.scale.agreement import WITHIN, Row, compare, fitted_rates, line, table

# what misses 10 %, and why: docs/scale.md says so too. A line here that agrees again has to go.
_TAIL = "the rounds themselves differ by a factor of two to nine"
_CROWDED = "worker, peer and neighbours no longer fit on two cores: the peer answers late, which is not simulated"
_MINUTES = "measured in other minutes than the sizes that the line goes through"
MISSES: dict[str, str] = {
    "100/s: lag p99": _TAIL,
    "150/s: lag p99": _TAIL,
    "200/s: lag p99": _TAIL,
    "400/s: lag p50": _CROWDED,
    "400/s: lag p99": _CROWDED,
    "400/s: attempts in flight": _CROWDED,
    "100/s, dark for 15 s: lag p50": _TAIL,
    "100/s, dark for 15 s: lag p99": _TAIL,
    "120,000 patients: schedule ready after": _MINUTES,
    "3,000,000 patients: schedule ready after": _MINUTES,
    "6,000,000 patients: schedule ready after": _MINUTES,
    "6,000,000 patients: worker's memory, peak": "no straight line: columns are freed in steps",
    "6,000,000 patients: worker's memory, at work": "no straight line: columns are freed in steps",
    "1,000,000 rows judged: memory": "no straight line: DuckDB takes memory as it finds it",
    "10,000,000 rows judged": _MINUTES,
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


def test_costs_are_taken_from_the_lowest_rate_and_the_highest_but_one() -> None:
    (points, *_) = data.read().rounds
    assert [points[place].rate for place in fitted_rates(points)] == [50, 300]
