"""The story that passes as a run with a past, and its report's data; written once, as nobody changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.report.data import make_data
from dashboards.report.model import Report
from results.comparison.prices import read_prices
from results.documents import write_documents
from results.judge import judge
from tests.results.story import green, ns

HOME = Path(__file__).resolve().parents[3]
PRICES = HOME / "deploy" / "prices" / "example.yaml"
RUN = "2026-11-23T16-30-00Z_story_7f3a"


def told(run: Path) -> Path:
    """A story with samples of what it used, in a run folder of that name."""
    story = green(run)
    for second in range(-20, 24, 2):
        for number, site in enumerate(("fra", "gra")):
            story.samples.append((ns(second), "lab", f"{site}/vitals0", "cpu_s", (second + 20) * 0.5 * (number + 1)))
        story.samples.append((ns(second), "loadtests", "sender-0", "queued", float(max(0, 10 - abs(second)))))
    story.environment["machine"] = {"cores": 2, "system": "a machine"}
    story.environment["clock_error_ns"] = 128
    story.write(run)
    write_documents(run, judge(run))
    return run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With two earlier drills of the same name beside it."""
    folder = tmp_path_factory.mktemp("runs")
    made = told(folder / RUN)
    for day, digits in ((21, "0001"), (22, "0002")):
        earlier = folder / f"2026-11-{day}T16-30-00Z_story_{digits}"
        earlier.mkdir()
        (earlier / "verdict.json").write_text((made / "verdict.json").read_text().replace(RUN, earlier.name))
    return made


@pytest.fixture(scope="session")
def data(run: Path) -> Report:
    return make_data(run, read_prices(PRICES))
