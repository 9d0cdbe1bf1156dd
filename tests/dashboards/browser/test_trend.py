"""A figure over the runs of a drill, as a picture and in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.browser.figures import AVAILABILITY, LOST, RECOVERY, Figure
from dashboards.browser.trend import HEIGHT, WIDTH, Trend, trend
from results.listing import listed
from tests.dashboards.browser.samples import write_run


def trend_of(home: Path, figure: Figure, values: list[float | None], objective: float | None = None) -> Trend:
    runs = [listed(write_run(home, "site-loss", number, **{figure.key: value})) for number, value in enumerate(values)]
    return trend(figure, runs, objective)


def test_higher_values_stand_higher_and_everything_is_in_the_picture(home: Path) -> None:
    drawn = trend_of(home, RECOVERY, [10.0, 40.0, 20.0], 60.0)
    heights = [point.y for point in drawn.points]
    assert None not in heights
    assert heights[0] > heights[2] > heights[1] > drawn.objective_y > 0
    assert all(0 < point.x < WIDTH and 0 < point.y < HEIGHT for point in drawn.points)
    assert [point.x for point in drawn.points] == sorted(point.x for point in drawn.points)
    assert (drawn.bottom, drawn.top, len(drawn.lines)) == (0.0, 60.0, 1)


@pytest.mark.parametrize("unknown", [None, float("nan"), float("inf")])
def test_nothing_is_drawn_through_a_figure_that_is_not_known(home: Path, unknown: float | None) -> None:
    drawn = trend_of(home, RECOVERY, [10.0, 11.0, unknown, 12.0, 13.0, unknown, 14.0])
    assert [point.y is None for point in drawn.points] == [False, False, True, False, False, True, False]
    assert [len(line.split()) for line in drawn.lines] == [2, 2], "a point alone is a mark without a line"
    assert "Not known in 2." in drawn.told


def test_shares_are_read_against_the_whole(home: Path) -> None:
    drawn = trend_of(home, AVAILABILITY, [0.97, 0.99], 0.95)
    assert (drawn.bottom, drawn.top) == (0.95, 1.0)
    assert "from 97.00% to 99.00%; the last one known is 99.00%. Objective 95.00%." in drawn.told


@pytest.mark.parametrize(("figure", "value"), [(LOST, 0), (AVAILABILITY, 1.0), (RECOVERY, 3.0)])
def test_one_run_and_values_that_are_all_the_same_can_be_drawn(home: Path, figure: Figure, value: float) -> None:
    drawn = trend_of(home, figure, [value], value)
    assert (drawn.points[0].x, 0 < drawn.points[0].y < HEIGHT, drawn.lines) == (WIDTH / 2, True, ())


def test_nothing_known_is_said(home: Path) -> None:
    assert trend_of(home, RECOVERY, [None, None]).told == "Recovery time: not known in any of 2 runs."


def test_only_the_last_sixty_are_drawn(home: Path) -> None:
    drawn = trend_of(home, RECOVERY, [float(number) for number in range(70)])
    assert (len(drawn.points), drawn.left_out, drawn.points[-1].value) == (60, 10, 69.0)
