"""The tables behind the plots, from the drill written by hand (`tests.results.story`)."""

from __future__ import annotations

import pytest

from dashboards import plots
from dashboards.series import Series, make_series
from results.evidence import Evidence
from results.judge import judge
from tests.results.story import green


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Series:
    run = tmp_path_factory.mktemp("runs") / "2026-11-23T16-30-00Z_story_7f3a"
    green(run).write(run)
    judgement = judge(run)
    with Evidence(run) as evidence:
        return make_series(evidence, judgement.marks)


def test_acknowledgements_are_counted_by_the_site_that_gave_them(series: Series) -> None:
    served = series.served
    assert served.loc[-10, "fra"] == 50
    assert served.loc[10, "gra"] == 50
    assert served.loc[10, "fra"] == 0
    assert served["failed"].sum() == 302, "one failed attempt for each reading from -0.04 to 6 s"


def test_latency_counts_from_the_time_a_reading_was_due(series: Series) -> None:
    assert series.latency.loc[-10, "p50"] == pytest.approx(50)
    assert series.latency.loc[10, "p99"] == pytest.approx(60)
    assert series.latency.loc[2, "p50"] > 3500, "due at 2 s, acknowledged after the service came back at 6.5 s"


def test_answers_and_requests_leave_the_lost_site(series: Series) -> None:
    assert series.answers.loc[-1, "honest"] == 1
    assert series.answers.loc[8, "honest"] == 0
    assert series.requests.loc[10, "fresh"] == 0


def test_looks_and_alarms_of_the_monitors(series: Series) -> None:
    http = series.looks[series.looks["monitor"] == "http@gra"]
    assert (http["ok"].sum(), len(http)) == (35, 41), "one a second from -20 to 20 s, six of them failed"
    assert series.alarms == [("http@gra", 2.5, 6.5), ("transaction@gra", 3.5, 6.5)]


def test_marks_and_phases_stand_on_the_same_axis(series: Series) -> None:
    assert series.marks["fault (t0)"] == 0
    assert list(series.marks) == ["fault (t0)", "first impact", "detected", "DNS changed", "declared", "restored"]
    assert series.phases["steady"] == pytest.approx((-18, -0.1))


@pytest.mark.parametrize("name", plots.PLOTS)
def test_every_plot_labels_its_axes_with_their_unit(series: Series, name: str) -> None:
    figure = plots.PLOTS[name](series, "fra", "gra")
    assert plots.to_png(figure).startswith(b"\x89PNG")
    assert figure.axes[-1].get_xlabel() == "seconds since the fault"
    assert all(axes.get_ylabel() or name == "timeline" for axes in figure.axes)
