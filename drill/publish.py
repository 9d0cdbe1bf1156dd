"""Documents of a run for those who were not there, each with a last look for what may not leave the house."""

from __future__ import annotations

from pathlib import Path

from drill.reproduction import command_of
from drill.withhold import withhold
from results.documents import write_documents
from results.judge import Judgement


def publish(run: Path, judgement: Judgement) -> str:
    """Verdict, JUnit and summary. One line says which of them were withheld, and why; empty where none was."""
    write_documents(run, judgement, again=command_of(run))
    return withhold(run, [run / "summary.md", run / "junit.xml"])
