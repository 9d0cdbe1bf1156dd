"""The run that a drill will be held against: read, judged and measured before the drill begins, so that it can still be refused.

What `latest` means is settled here as well: the run that is the latest before the drill, never the drill itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from drill.comparing import write_comparison
from drill.exercise import Outcome
from results import run as runs
from results.comparison.compare import compare
from results.comparison.figures import RunFigures, measure
from results.comparison.model import Comparison
from results.comparison.work import unequal_plans
from results.judge import judge
from results.plan import Plan


class BadBaseline(ValueError):
    """It cannot serve as one, or not for this drill: one line."""


@dataclass(frozen=True)
class Baseline:
    """`across`: compare also where machines or versions differ."""

    figures: RunFigures
    across: bool = False

    def compare(self, outcome: Outcome) -> Comparison:
        """The drill against it; ``comparison.json`` of the drill's run is written."""
        comparison = compare(self.figures, measure(outcome.run, outcome.judgement, 1), across=self.across)
        write_comparison(outcome.run, comparison)
        return comparison


def read_baseline(name: str, plan: Plan, *, across: bool = False) -> Baseline:
    """The run of that id, prefix, path, or ``latest``, for a drill of this plan. Raises UnknownRun, BadBaseline.

    Refused: a run whose evidence is not whole, and one that was asked something else than the drill will be: the comparison
    could not be made, and that is known now.
    """
    run = runs.find(name)
    figures = measure(run, judge(run), 0)
    if figures.doubt or figures.plan is None:
        raise BadBaseline(f"--baseline {name}: {run.name}: {figures.doubt or 'its plan cannot be read'}")
    differing = unequal_plans(figures.plan, plan)
    if figures.plan.seed != plan.seed:
        differing.append(f"seed: {figures.plan.seed} and {plan.seed}")
    if differing:
        more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise BadBaseline(f"--baseline {name}: {run.name} was asked something else: {differing[0]}{more}")
    return Baseline(figures, across)
