"""The receivers' quota: a burst, then the rate, and a true time to wait."""

from __future__ import annotations

import pytest

from lab.telemetry.quota import Quota


def test_a_burst_is_taken_then_only_the_rate() -> None:
    now = [100.0]
    quota = Quota(10, lambda: now[0])
    assert quota.take(20) == 0
    assert quota.take(1) == pytest.approx(0.1)
    now[0] += 0.2
    assert quota.take(1) == 0
    assert quota.take(2) > 0


def test_what_was_refused_took_nothing() -> None:
    now = [0.0]
    quota = Quota(10, lambda: now[0])
    assert quota.take(21) == pytest.approx(0.1)
    assert quota.take(20) == 0
