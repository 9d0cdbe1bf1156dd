"""What was used, from samples: counters that begin anew, services that end, several of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from results.comparison.resources import Used, used
from results.evidence import Evidence
from results.row_log import RowWriter
from results.rows import compact_rows
from results.schema import SAMPLES
from tests.results.comparison.runs import OLD
from tests.results.story import ns

Row = tuple[float, str, str, float]


def use(stored: Path, tmp_path: Path, rows: list[Row]) -> Used:
    """Of the services, from -18 s to -2 s of the story, by these samples alone (seconds, subject, metric, value)."""
    run = tmp_path / OLD
    run.mkdir()
    for part in (stored / OLD).iterdir():
        if part.name not in ("samples", "samples.parquet"):
            (run / part.name).symlink_to(part)
    writer = RowWriter(run, "samples", "test")
    for at, subject, metric, value in rows:
        writer.append(ns(at), "lab", subject, metric, value)
    writer.close()
    compact_rows(run, "samples", SAMPLES)
    with Evidence(run) as evidence:
        return used(evidence, "services", ns(-18), ns(-2))


@pytest.fixture
def taken(
    stored: Path, old: object, tmp_path: Path
) -> Callable[[list[Row]], Used]:  # `old`: the story has been written
    return lambda rows: use(stored, tmp_path, rows)


def test_a_counter_that_began_anew_goes_on(taken: Callable[[list[Row]], Used]) -> None:
    """0.5 core for 16 s: 8 s, although the process began anew at -10 s with nothing used."""
    rows: list[Row] = [
        (at, "fra/vitals0", "cpu_s", (at + 20) / 2 if at < -10 else (at + 10) / 2) for at in range(-20, 1)
    ]
    found = taken(rows)
    assert found.cpu_s is not None
    assert found.cpu_s.sum() == pytest.approx(7.5)  # the second in which it ended is lost with it
    assert len(found.cpu_s) == 8
    assert found.uploads.sum() == pytest.approx(800, abs=3)
    assert (found.memory_gb_s, found.out_gb, found.gap) == (None, None, "")


def test_services_add_up_and_one_that_ended_uses_nothing_more(taken: Callable[[list[Row]], Used]) -> None:
    rows: list[Row] = [(at, "fra/vitals0", "rss_bytes", 1e9) for at in range(-20, 1)]
    rows += [(at, "gra/vitals0", "rss_bytes", 2e9) for at in range(-20, -9)]
    rows += [(at, "dns/knot", "rss_bytes", 5e9) for at in range(-20, 1)]  # of no site
    found = taken(rows)
    assert found.memory_gb_s is not None
    assert found.memory_gb_s.sum() == pytest.approx(16 * 1 + 8 * 2)


def test_a_service_that_was_away_used_nothing_meanwhile(taken: Callable[[list[Row]], Used]) -> None:
    rows: list[Row] = [(at, "fra/vitals0", "rss_bytes", 1e9) for at in (-20, -17, -16, -4, -2, 0)]
    found = taken(rows)
    assert found.memory_gb_s is not None
    assert found.memory_gb_s.sum() == pytest.approx(4)  # 12 s without a sample are more than the 10 s of a pause


def test_time_without_any_sample_is_told(taken: Callable[[list[Row]], Used]) -> None:
    rows: list[Row] = [(at, "fra/vitals0", "cpu_s", at + 20.0) for at in (-20, -19, -3, -2)]
    found = taken(rows)
    assert found.gap == "no sample of its use for 15 s"  # of the window, from its begin at -18 s to -3 s
