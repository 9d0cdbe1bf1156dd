"""The rules of the analysis at their limits."""

from __future__ import annotations

import pytest

from lab.analysis.rules import RULES, assess
from lab.vitals.observation import SIGNALS, Reading


def of(code: str, **values: float) -> Reading:
    return Reading("p-000007", 1, code, values)


def pressure(systolic: float, diastolic: float) -> Reading:
    return of("85354-9", **{"8480-6": systolic, "8462-4": diastolic})


def rate(value: float) -> Reading:
    return of("8867-4", **{"8867-4": value})


def saturation(value: float) -> Reading:
    return of("59408-5", **{"59408-5": value})


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        (pressure(139, 89), None),
        (pressure(140, 60), "hypertension grade 1"),
        (pressure(139, 90), "hypertension grade 1"),
        (pressure(159, 99), "hypertension grade 1"),
        (pressure(160, 60), "hypertension grade 2"),
        (pressure(120, 100), "hypertension grade 2"),
        (pressure(179, 109), "hypertension grade 2"),
        (pressure(180, 60), "hypertension grade 3"),
        (pressure(120, 110), "hypertension grade 3"),
        (pressure(145, 112), "hypertension grade 3"),
        (rate(49), "bradycardia"),
        (rate(50), None),
        (rate(100), None),
        (rate(101), "tachycardia"),
        (saturation(91), "low oxygen saturation"),
        (saturation(91.9), "low oxygen saturation"),
        (saturation(92), None),
    ],
)
def test_a_reading_is_irregular_from_the_limit_of_its_guideline_on(reading: Reading, found: str | None) -> None:
    assessment = assess(reading)
    assert (assessment.rule.name if assessment.rule else None) == found
    assert assessment.outcome == ("irregular" if found else "regular")
    assert assessment.sources, "without a source nobody can check it"


@pytest.mark.parametrize("code", ["29463-7", "55423-8"])
def test_a_reading_without_a_rule_is_neither_regular_nor_irregular(code: str) -> None:
    assessment = assess(of(code, **{code: 80}))
    assert (assessment.outcome, assessment.rule, assessment.sources) == ("unassessed", None, ())


def test_there_are_no_rules_for_what_the_product_does_not_take() -> None:
    assert set(RULES) < set(SIGNALS)
