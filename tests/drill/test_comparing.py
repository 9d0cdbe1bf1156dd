"""`zweitherz compare` on two hand-made runs: better, worse, and what cannot be said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from drill import cli
from results import run as runs
from tests.results.comparison.runs import NEW, OLD, shift, story
from tests.results.story import Story

PRICES = Path(__file__).resolve().parent.parent.parent / "deploy/prices/example.yaml"


@pytest.fixture(name="results")
def _results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(runs.VARIABLE, str(tmp_path))
    for name in (OLD, NEW):
        folder = tmp_path / "runs" / name
        story(folder).write(folder)
    return tmp_path


def again(results: Path, **machine: object) -> None:
    """The new run once more, at another machine."""
    folder = results / "runs" / NEW
    told = story(folder)
    told.environment["machine"] |= machine
    _rewrite(folder, told)


def slower(results: Path) -> None:
    folder = results / "runs" / NEW
    _rewrite(folder, shift(story(folder), 3))


def _rewrite(folder: Path, told: Story) -> None:
    shutil.rmtree(folder)
    told.write(folder)


def compare(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["compare", OLD, NEW, *arguments])


def test_a_run_like_its_baseline_is_not_worse(results: Path) -> None:
    done = compare("--json")
    shown = json.loads(done.output)
    assert (done.exit_code, shown["verdict"]) == (0, "pass"), shown["why"]
    assert {each["change"] for each in shown["metrics"]} == {"same"}
    assert (shown["baseline"], shown["run"]) == (OLD, NEW)


def test_a_slower_run_fails_by_the_figure(results: Path) -> None:
    slower(results)
    done = compare()
    assert done.exit_code == 1
    assert done.output.startswith(f"FAIL  {NEW} against {OLD}: ")
    assert any(line.startswith("  ✘ latency_p50_ms/steady") for line in done.output.splitlines())


def test_a_baseline_that_was_no_pass_itself_is_named_so(results: Path) -> None:
    folder = results / "runs" / OLD
    _rewrite(folder, shift(story(folder), 30))
    assert f"against {OLD} (itself: fail): " in compare().output.splitlines()[0]


def test_another_machine_is_refused_unless_told(results: Path) -> None:
    again(results, cpu="Example 4000")
    refused = compare()
    assert refused.exit_code == 2
    assert "different environments: processor: Example 3000 and Example 4000" in refused.output
    told = json.loads(compare("--across-environments", "--json").output)
    assert told["across"]
    assert any(each["change"] == "same" for each in told["metrics"])


def test_costs_are_told_by_a_price_file_and_a_bad_one_is_refused(results: Path, tmp_path: Path) -> None:
    assert (
        "cost of 1,000 acknowledged uploads (example values, not an offer, 2026-11-01), EUR:"
        in compare("--prices", str(PRICES)).output
    )
    bad = tmp_path / "prices.yaml"
    bad.write_text("currency: EUR\n")
    refused = compare("--prices", str(bad))
    assert refused.exit_code == 64
    assert "prices.yaml" in refused.output


def test_a_run_that_there_is_not_is_refused(results: Path) -> None:
    done = CliRunner().invoke(cli.app, ["compare", "1999", NEW])
    assert done.exit_code == 64
    assert "run '1999': unknown" in done.output


def test_a_run_is_not_compared_with_itself(results: Path) -> None:
    runs.make_latest(results / "runs" / NEW)
    for name in (NEW, "latest", "2026-11-24"):
        done = CliRunner().invoke(cli.app, ["compare", name])
        assert done.exit_code == 64, done.output
        assert f"are one run, {NEW}: it is like itself, which says nothing" in done.output


def test_a_run_that_cannot_be_read_is_never_a_pass(results: Path) -> None:
    (results / "runs" / OLD / "plan.yaml").write_text("no: plan\n")
    done = compare("--across-environments")
    assert done.exit_code == 2
    assert done.output.startswith("INCONCLUSIVE  ")
