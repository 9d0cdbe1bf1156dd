"""What comes after a drill, in its order, and the one exit code of it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from drill.baseline import Baseline
from drill.exercise import Outcome
from drill.gate import conclude, exit_code
from drill.notify.configuration import Notify, Webhook
from results import run as runs
from results.canaries import display_name
from results.comparison.figures import measure
from results.comparison.model import Change
from results.finding import Verdict
from results.judge import judge
from tests.drill.passing import Played
from tests.results.comparison.runs import NEW, OLD, shift, story
from tests.results.judgements import comparison, figure, findings, judgement


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(runs.VARIABLE, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("drill", "compared", "code"),
    [
        (Verdict.PASS, None, 0),
        (Verdict.PASS, Change.SAME, 0),
        (Verdict.PASS, Change.UNKNOWN, 2),
        (Verdict.PASS, Change.WORSE, 1),
        (Verdict.INCONCLUSIVE, Change.SAME, 2),
        (Verdict.INCONCLUSIVE, Change.WORSE, 1),
        (Verdict.FAIL, Change.BETTER, 1),
        (Verdict.FAIL, Change.UNKNOWN, 1),
    ],
)
def test_the_exit_code_is_the_worse_of_drill_and_comparison(drill: Verdict, compared: Change | None, code: int) -> None:
    of = {Verdict.PASS: findings(green=1), Verdict.INCONCLUSIVE: findings(unclear=1), Verdict.FAIL: findings(red=1)}
    outcome = Outcome(Path(NEW), judgement(of[drill]), drill.exit_code)
    assert exit_code(outcome, comparison([figure("p50", compared)]) if compared is not None else None) == code


@pytest.mark.parametrize("code", [3, 4])
def test_a_guard_and_a_failed_clean_up_are_said_whatever_the_comparison_says(code: int) -> None:
    outcome = Outcome(Path(NEW), judgement(findings(green=1)), code)
    assert exit_code(outcome, comparison([figure("p50", Change.WORSE)])) == code


def test_a_drill_without_baseline_compares_nothing_and_tells_how_to_run_it_again(home: Path) -> None:
    passage = conclude(Played(home).run(), None, None)
    assert (passage.exit_code, passage.comparison, passage.remarks) == (0, None, ())
    assert not (home / "runs" / NEW / "comparison.json").exists()
    assert "Run it again: `zweitherz drill " in (home / "runs" / NEW / "summary.md").read_text()
    assert "comparison" not in passage.as_json()


def test_the_notice_knows_of_the_comparison_and_who_was_not_told_is_a_remark(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr("drill.gate.notify", lambda notice, *_: told.append(notice) or ["chat was not told: refused"])
    run = home / "runs" / OLD
    baseline = Baseline(measure(story(run).write(run), judge(run), 0))
    receivers = Notify(webhooks=[Webhook(name="chat", url="https://example.org/hook")])
    passage = conclude(Played(home, lambda each: shift(each, 1.3)).run(), baseline, receivers)
    (notice,) = told
    assert (notice.state, notice.exit_code, notice.not_passed) == ("fail", 1, ("comparison",))
    assert f"Against its baseline {OLD}: fail, " in notice.sentence
    assert passage.remarks == ("notify: chat was not told: refused",)


def test_documents_that_are_written_after_the_comparison_are_looked_through_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drill.publish.command_of", lambda run: display_name(runs.tag(run.name), 7))
    passage = conclude(Played(home).run(), None, None)
    assert "withheld: a patient's value in summary.md" in passage.remarks[0]
    assert not (home / "runs" / NEW / "summary.md").exists()
