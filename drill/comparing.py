"""Compares two runs for people: judges both again, measures them, and says line by line what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from results.comparison.compare import compare
from results.comparison.figures import measure
from results.comparison.model import FILE, Change, Compared, Comparison
from results.comparison.prices import Prices
from results.finding import Verdict
from results.judge import judge

_SIGNS = {Change.BETTER: "↓", Change.SAME: "=", Change.WORSE: "✘", Change.UNKNOWN: "?"}


def compare_runs(old: Path, new: Path, *, across: bool = False, prices: Prices | None = None) -> Comparison:
    """`new` against its baseline `old`. Raises nothing for a run that cannot be read: then nothing can be compared."""
    sides = [measure(run, judge(run), side) for side, run in enumerate((old, new))]
    return compare(sides[0], sides[1], across=across, prices=prices)


def write_comparison(run: Path, comparison: Comparison) -> None:
    """``comparison.json`` of the new run, whole or not at all."""
    draft = run / f"{FILE}.part"
    draft.write_bytes(comparison.to_bytes())
    draft.rename(run / FILE)


def lines(comparison: Comparison) -> Iterator[str]:
    """For a terminal: the verdict, each figure, what could not be compared, the claims, the cost."""
    itself = "" if comparison.baseline_verdict is Verdict.PASS else f" (itself: {comparison.baseline_verdict.value})"
    yield f"{comparison.verdict.value.upper()}  {comparison.run} against {comparison.baseline}{itself}: {comparison.why}"
    for heading, differing in (
        ("asked differently", comparison.unequal),
        ("environments differ", comparison.environments),
    ):
        yield from (f"  {heading}: {each}" for each in differing)
    for each in comparison.metrics:
        yield f"  {_SIGNS[each.change]} {each.metric:<38}{_figures(each)}{f'  ({each.why})' if each.why else ''}"
    yield from (f"  - {each}" for each in comparison.left_out)
    for claim in comparison.claims:
        yield f"  {claim.question} {claim.answer.value}: {claim.why}"
    if comparison.cost is not None:
        cost = comparison.cost
        yield f"  cost of 1,000 acknowledged uploads ({cost.prices}), {cost.currency}:"
        yield from (f"  {_SIGNS[each.change]} {each.metric:<38}{_figures(each)}" for each in cost.compared)


def _figures(each: Compared) -> str:
    was, now = (_number(side.value) for side in (each.baseline, each.now))
    change = ""
    if each.delta is not None:
        interval = f" [{_number(each.low)}, {_number(each.high)}]" if each.low is not None else ""
        change = f", change {each.delta:+.4g}{interval}"
        change += f", tolerated {_number(each.margin)}" if each.margin is not None else ""
    return f"{was} -> {now} {each.unit}".rstrip() + f"{change} (n {each.baseline.n}, {each.now.n})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"
