"""How a judgement is said on a terminal, and in which language its report may be."""

from __future__ import annotations

import typer

from dashboards.report.shown import UnknownLanguage, language
from drill.commands.shared import refuse
from results.judge import Judgement
from results.sentence import sentence

_MARKS = {"pass": "✔", "inconclusive": "?", "fail": "✘"}


def print_judgement(judgement: Judgement) -> None:
    """The sentence, and a line for each check."""
    typer.echo(f"{judgement.verdict.value.upper()}  {sentence(judgement)}")
    for finding in judgement.findings:
        typer.echo(f"  {_MARKS[finding.verdict.value]} {finding.name:<18}{finding.why}")


def check_language(lang: str) -> None:
    """Refuses one that reports are not written in."""
    try:
        language(lang)
    except UnknownLanguage as error:
        refuse(str(error))
