"""``zweitherz annotate``: what of a run is not green, for the pages of a pipeline."""

from __future__ import annotations

from pathlib import Path

from drill.experiments import UnknownDrill, experiment
from results.annotations import github, gitlab
from results.documents import comparison_of
from results.judge import judge

_HOME = Path(__file__).resolve().parent.parent


def annotate(run: Path, form: str, where: str | None) -> str:
    """In the form of ``github`` or ``gitlab``. `where` None: the file of the drill in this repository."""
    judgement = judge(run)
    comparison = comparison_of(run, judgement)
    if form == "github":
        return github(judgement, comparison)
    return gitlab(judgement, where or _file(judgement.drill), comparison)


def _file(drill: str) -> str:
    try:
        path = experiment(drill).resolve()
    except UnknownDrill:
        return "plan.yaml"
    return str(path.relative_to(_HOME)) if path.is_relative_to(_HOME) else path.name
