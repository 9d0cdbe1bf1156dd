"""The verdict in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from results.documents import write_documents
from results.judge import Judgement
from results.sentence import sentence
from tests.results.story import Story


def test_it_says_what_was_restored_and_lost(story: Story, told: Callable[[Story], Judgement]) -> None:
    assert sentence(told(story)) == (
        "Drill story passed: service restored after 5.0 s, 0 of 2,000 acknowledged uploads lost, 87.89% of the readings on time."
    )


def test_it_does_not_answer_what_the_drill_did_not_ask(story: Story, told: Callable[[Story], Judgement]) -> None:
    story.plan["checks"] = ["availability-slo"]
    assert sentence(told(story)) == "Drill story passed: 2,000 uploads acknowledged, 87.89% of the readings on time."


def test_a_comparison_that_is_damaged_is_no_pass(
    story: Story, told: Callable[[Story], Judgement], folder: Path
) -> None:
    judgement, run = told(story), folder
    (run / "comparison.json").write_text('{"schema": "zweitherz/comparison/1"}')
    write_documents(run, judgement)
    summary = (run / "summary.md").read_text()
    assert summary.startswith("# INCONCLUSIVE: story\n")
    assert "comparison.json: not a comparison" in summary
    assert 'errors="1"' in (run / "junit.xml").read_text()
