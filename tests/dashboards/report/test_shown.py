"""Numbers, times and dates as the reader writes them."""

from __future__ import annotations

import pytest

from dashboards.report.shown import UnknownLanguage, language
from tests.results.story import T0

EN, DE = language("en"), language("de")


@pytest.mark.parametrize(
    ("value", "digits", "english", "german"),
    [
        (1234.5, 1, "1,234.5", "1.234,5"),
        (120_000, None, "120,000", "120.000"),
        (0.000_012_34, None, "0.0000123", "0,0000123"),
        (12.345, None, "12.3", "12,3"),
        (-3.5, 1, "−3.5", "−3,5"),
        (None, None, "unknown", "unbekannt"),
    ],
)
def test_numbers(value: float | None, digits: int | None, english: str, german: str) -> None:
    assert (EN.number(value, digits), DE.number(value, digits)) == (english, german)


def test_units_stay_on_the_line_of_their_number() -> None:
    assert DE.unit(1234.5, "ms", 1) == "1.234,5\u00a0ms"
    assert (EN.percent(0.8614, 2), DE.percent(0.8614, 2)) == ("86.14%", "86,14\u00a0%")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(29.0, "29\u00a0s"), (29.04, "29,0\u00a0s"), (119.5, "119,5\u00a0s"), (150.4, "2\u00a0min\u00a030\u00a0s")],
)
def test_two_minutes_and_more_are_minutes(seconds: float, shown: str) -> None:
    assert DE.length(seconds) == shown


def test_days() -> None:
    assert T0 == 1_800_000_000_000_000_000  # 2027-01-15 08:00:00 UTC
    assert EN.moment(T0) == "15 January 2027, 08:00:00 UTC"
    assert DE.moment(T0) == "15.01.2027, 08:00:00 UTC"
    assert DE.date("2026-11-26T01:02:03+00:00") == "26.11.2026"


def test_values_of_findings() -> None:
    assert DE.value({"p50": 1.5, "never": None, "on": True}) == "p50 1,5; never unbekannt; on ja"
    assert EN.value([]) == "none"
    assert DE.value(0.861421) == "0,861421"


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(UnknownLanguage, match=r"--lang 'fr': there are en, de"):
        language("fr")
