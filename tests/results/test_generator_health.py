"""Was the generator itself what was measured? Only where attempts were late, or at another rate; not where they failed."""

from __future__ import annotations

import pytest

from results.checks.generator_health import late
from results.finding import Value

ASKED: dict[str, Value] = {"lag_p99_ms": 20, "rate": 400, "steady_fail_ratio": 0.001}


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"lag_p99_ms": 7.5, "rate": 398.0, "steady_fail_ratio": 0.0}, False),
        ({"lag_p99_ms": 20.0, "rate": 440.0}, False),
        ({"lag_p99_ms": 20.1, "rate": 400.0}, True),
        ({"lag_p99_ms": 7.5, "rate": 359.0}, True),
        ({"lag_p99_ms": 7.5, "rate": 441.0}, True),
        ({"lag_p99_ms": 7.5, "rate": 398.0, "steady_fail_ratio": 0.9}, False),
    ],
)
def test_late_or_at_another_rate(measured: dict[str, Value], expected: bool) -> None:
    assert late(measured, ASKED) is expected


def test_a_check_that_found_nothing_says_nothing_of_it() -> None:
    assert not late({}, {})
