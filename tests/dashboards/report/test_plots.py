"""What pictures show, and that they say nothing else than the data they are drawn of."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from dashboards.report.model import (
    Burn,
    Happening,
    Heat,
    Pairs,
    Past,
    Step,
    Takeover,
    Timeline,
    Trend,
    Writers,
)
from dashboards.report.plots import burns, gantt, heat, timeline, trend, writers
from dashboards.report.plots.canvas import canvas, rows_for, to_svg
from dashboards.report.shown import language
from results.finding import Verdict

EN, DE = language("en"), language("de")


def labels(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_what_a_label_says_is_not_rounded_like_a_coordinate() -> None:
    figure, (axes,) = canvas(2)
    axes.text(0.5, 0.5, "203.0.113.10, 1.23456 $x$")
    assert "203.0.113.10, 1.23456 $x$" in labels(to_svg(figure, "x"))


@dataclass(frozen=True)
class Rows:
    spans: list[tuple[float, float]]
    rows: list[int]


@pytest.mark.parametrize(
    "case",
    [
        Rows([(0, 1), (1, 2), (2, 3)], [0, 0, 0]),
        Rows([(0, 5), (1, 2), (2, 3), (5, 6)], [0, 1, 1, 0]),
        Rows([(0, 9), (0, 9), (0, 9)], [0, 1, 2]),
        Rows([], []),
    ],
)
def test_labels_run_into_no_other(case: Rows) -> None:
    assert rows_for(case.spans) == case.rows


def happening(at: float, who: str, end: float | None = None, lane: str = "monitors") -> Happening:
    return Happening.model_validate({"lane": lane, "what": "alarm", "who": who, "begin": at, "end": end})


def test_the_timeline_shows_what_is_near_the_fault_and_counts_what_has_no_room() -> None:
    many = [happening(1, f"monitor-{number}") for number in range(20)]
    served = Happening(lane="patients", what="unserved", who="", begin=0, end=10)
    late = Happening(lane="rollback", what="lifted", who="fra", begin=500)
    drawn = timeline.draw(Timeline(happenings=[served, *many, late], errors=[(0, 1200)]), EN, fault=True)
    assert "(+8 in the table)" in labels(drawn)
    assert not [text for text in labels(drawn) if "lifted" in text]
    assert "1,200" in labels(drawn) or "1,000" in labels(drawn)


def test_an_alarm_that_never_cleared_lasts_to_the_end_of_the_picture() -> None:
    served = Happening(lane="patients", what="unserved", who="", begin=0, end=10)
    begin, end = timeline.window(Timeline(happenings=[served, happening(-50, "replication@gra")], errors=[]), True)
    assert begin < 0 < end < 20
    drawn = timeline.draw(Timeline(happenings=[served, happening(-50, "replication@gra")], errors=[]), EN, True)
    assert "replication@gra" in labels(drawn)


def test_who_was_waited_for_is_hatched_and_named() -> None:
    steps = [
        Step(name="detect", begin=0, end=3),
        Step(name="dns", begin=3, end=9.25, human=True, who="on-call"),
        Step(name="client", begin=9.25, end=None, who="pinned"),
    ]
    takeover = Takeover(steps=steps, human_s=6.25, human_share=0.5, recovery_s=12.5)
    drawn = gantt.draw(takeover, DE)
    assert "<pattern" in drawn
    assert {"DNS-Schnittstelle: wartet auf on-call", "6,2\u00a0s", "kein Ende beobachtet"} <= set(labels(drawn))
    assert "DNS-Schnittstelle: wartet auf on-call ab +3,0\u00a0s, 6,2\u00a0s" in gantt.describe(takeover, DE)


def test_two_writers_are_red_and_counted() -> None:
    two = Writers(
        bin_s=1, seconds=[0, 1], sites={"fra": [5.0, 5.0], "gra": [0.0, 5.0]}, failed=[0, 0], overlaps=[(1, 1.5)]
    )
    assert "two writers" in labels(writers.draw(two, EN, fault=True))
    assert "Two sites took writes for 0.50\u00a0s." in writers.describe(two, EN)
    one = two.model_copy(update={"overlaps": []})
    assert "two writers" not in labels(writers.draw(one, EN, fault=True))


def test_readings_without_an_end_have_a_row_in_the_heat_map() -> None:
    edges = [2.0, 20.0, 200.0]
    counts = [[3, 0], [1, 0], [0, 4]]
    seen = Heat(bin_s=1, begin=0, edges_ms=edges, counts=counts, p50=[10, None], p99=[100, None], worst_ms=150, never=4)
    assert "never" in labels(heat.draw(seen, EN, fault=False))
    assert "8 readings." in heat.describe(seen, EN)
    assert "4 never were acknowledged" in heat.describe(seen, EN)


def burn(name: str, *points: tuple[float, float, float]) -> Burn:
    pair = Pairs(long_s=36, short_s=3, threshold=14.4, severity="page", points=list(points))
    return Burn(alert=name, budget=0.001, scale=100, counts="", pairs=[pair], fired=[])


def test_a_budget_that_nothing_was_taken_from_is_said_and_not_drawn() -> None:
    both = [burn("Spent", (0, 0, 0), (1, 500, 1000)), burn("Whole", (0, 0, 0), (1, 0, 0))]
    drawn = labels(burns.draw(both, EN, fault=True))
    assert "Spent" in drawn
    assert "Whole" not in drawn
    assert "Whole: highest burn rate over the long window 0.0, threshold 14.4; did not fire." in burns.describe(
        both, EN
    )
    assert "fires above 14.4" in drawn


def test_the_trend_says_where_it_came_from() -> None:
    past = [
        Past(
            run=f"r{n}",
            started=f"2026-11-2{n}T00:00:00+00:00",
            verdict=verdict,
            patients=1,
            rta_s=rta,
            lost=0,
            late=0.1,
        )
        for n, verdict, rta in ((1, Verdict.FAIL, 90.0), (2, Verdict.PASS, None), (3, Verdict.PASS, 29.5))
    ]
    seen = Trend(runs=past, rto_s=46, lost=0, late=0.3)
    assert "from 90\u00a0s to 29.5\u00a0s (objective 46\u00a0s)" in trend.describe(seen, EN)
    assert "now" in labels(trend.draw(seen, EN))
