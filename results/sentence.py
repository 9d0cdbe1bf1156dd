"""The verdict in one sentence, for every reader: terminal, summary, notice, report."""

from __future__ import annotations

from results.finding import Verdict
from results.judge import Judgement

_WORDS = {Verdict.PASS: "passed", Verdict.INCONCLUSIVE: "is inconclusive", Verdict.FAIL: "failed"}


def sentence(judgement: Judgement) -> str:
    """The verdict with its three numbers; a drill is not said to have answered what it did not ask."""
    head, asked = judgement.headline, {finding.name for finding in judgement.findings}
    restored = f"service restored after {number(head['rta_s'], ' s')}, " if "recovery-time" in asked else ""
    of_acknowledged = f"{number(head['uploads_acknowledged'])} uploads acknowledged"
    if "data-loss" in asked:
        acknowledged = number(head["uploads_acknowledged"])
        of_acknowledged = f"{number(head['uploads_lost'])} of {acknowledged} acknowledged uploads lost"
    return (
        f"Drill {judgement.drill} {_WORDS[judgement.verdict]}: {restored}{of_acknowledged}, "
        f"{_percent(head['availability'])} of the readings on time."
    )


def number(value: object, unit: str = "") -> str:
    """A figure of the headline as people read it; None is unknown."""
    if value is None:
        return "unknown"
    shown = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return shown + unit


def _percent(value: object) -> str:
    return "an unknown share" if not isinstance(value, int | float) else f"{value:.2%}"
