"""Figures as they are shown, and where their objectives come from."""

from __future__ import annotations

import pytest

from dashboards.browser.figures import AVAILABILITY, DETECTION, FIGURES, LATENCY, LOST, RECOVERY, Figure
from tests.dashboards.browser.samples import verdict


@pytest.mark.parametrize(
    ("figure", "value", "shown"),
    [
        (RECOVERY, 19.54321, "19.54 s"),
        (RECOVERY, None, "–"),
        (RECOVERY, float("inf"), "–"),
        (LOST, 0, "0"),
        (LOST, 1_234_567, "1,234,567"),
        (LATENCY, 8123.4, "8,123 ms"),
        (AVAILABILITY, 0.97314, "97.31%"),
        (AVAILABILITY, 1, "100.00%"),
    ],
)
def test_a_figure_is_shown_with_its_unit(figure: Figure, value: float | None, shown: str) -> None:
    assert figure.shown(value) == shown


def test_the_objective_is_that_of_the_run() -> None:
    asked = {check["name"]: check["objective"] for check in verdict("run", "site-loss")["checks"]}
    found = {figure.key: figure.objective_of(asked) for figure in FIGURES}
    assert found["rta_s"] == 60.0
    assert found["uploads_lost"] == 0
    assert found["availability"] == 0.95
    assert found["ttd_s"] is None, "nothing is promised of the runbook's notice"
    assert found["latency_p99_ms"] is None, "the objective is of calm phases, the figure of the whole drill"


@pytest.mark.parametrize("asked", [{}, {"recovery-time": {}}, {"recovery-time": {"rto_s": "soon"}}])
def test_where_nothing_was_promised_there_is_no_objective(asked: dict[str, dict[str, object]]) -> None:
    assert RECOVERY.objective_of(asked) is None
    assert DETECTION.objective_of(asked) is None
