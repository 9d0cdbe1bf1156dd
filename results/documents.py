"""What is written beside the verdict for other readers: ``junit.xml`` for CI, ``summary.md`` for people in a hurry."""

from __future__ import annotations

from pathlib import Path

from results.comparison.model import Comparison, DamagedComparison, read_comparison
from results.effort import effort
from results.finding import Verdict
from results.judge import Judgement
from results.junit import junit
from results.summary import summary


def write_documents(run: Path, judgement: Judgement, *, again: str = "") -> None:
    """``verdict.json``, ``junit.xml`` and ``summary.md``, each whole or not at all, with the run's comparison if it has one.

    `again`: the command that runs the same drill once more, for the summary.
    """
    comparison = comparison_of(run, judgement)
    _write(run / "verdict.json", judgement.to_bytes())
    _write(run / "junit.xml", junit(judgement, comparison))
    _write(run / "summary.md", summary(judgement, comparison, effort(run), again).encode())


def comparison_of(run: Path, judgement: Judgement) -> Comparison | None:
    """What ``comparison.json`` says; None where there is none. One that is damaged is inconclusive: it was asked for once."""
    try:
        return read_comparison(run)
    except DamagedComparison as error:
        return Comparison(
            baseline="unknown",
            run=judgement.run,
            drill=judgement.drill,
            baseline_verdict=Verdict.INCONCLUSIVE,
            verdict=Verdict.INCONCLUSIVE,
            why=str(error),
        )


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
