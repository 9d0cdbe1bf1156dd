"""Compares two runs figure by figure. Pure: the same two runs give the same answer, byte for byte."""

from __future__ import annotations

import math

import numpy as np

from results.comparison import intervals
from results.comparison.claims import COST, RESOURCES, latency_claim, less_claim
from results.comparison.cost import cost
from results.comparison.environments import differences
from results.comparison.figures import Figure, RunFigures
from results.comparison.metrics import Metric, metrics
from results.comparison.model import Change, Compared, Comparison, CostComparison, Side
from results.comparison.prices import Prices
from results.comparison.work import unequal
from results.finding import Verdict, merge

_UNKNOWN = Figure(None, why="not known")


def compare(old: RunFigures, new: RunFigures, *, across: bool = False, prices: Prices | None = None) -> Comparison:
    """The new run against its baseline, with the tolerances of the new run's plan. `across`: also where environments differ.

    Nothing is compared where the work was unequal, one run cannot be read, or environments differ and nobody said to go on.
    """
    work = unequal(old, new)
    environments = differences(old.environment, new.environment)
    refused = _refusal(old, new, work, environments, across)
    wanted = metrics(new.plan) if new.plan is not None else []
    compared, left_out = [], []
    for metric in wanted:
        was, now = old.figures.get(metric.name, _UNKNOWN), new.figures.get(metric.name, _UNKNOWN)
        if metric.optional and was.value is None and now.value is None:
            left_out.append(f"{metric.name}: {now.why}")
        elif refused:
            compared.append(_made(metric, was, now, Change.UNKNOWN, refused))
        else:
            compared.append(compare_figures(metric, was, now))
    verdict = Verdict.INCONCLUSIVE if refused else merge(each.change.verdict for each in compared)
    priced = _cost(old, new, prices) if prices is not None and not refused else None
    claims = []
    if not refused and new.plan is not None:
        claims = [
            latency_claim(compared, sorted(new.plan.load.distances), new.plan.comparison.by_distance),
            less_claim(RESOURCES, [each for each in compared if _is_service(each.metric)], old, new),
        ]
        if priced is not None:
            claims.append(
                less_claim(COST, [each for each in priced.compared if each.metric.endswith("/steady")], old, new)
            )
    return Comparison(
        baseline=old.run,
        run=new.run,
        drill=new.plan.drill if new.plan is not None else "unknown",
        baseline_verdict=old.verdict,
        verdict=verdict,
        why=refused or _in_short(compared),
        across=across,
        unequal=work,
        environments=environments,
        metrics=compared,
        left_out=left_out,
        claims=claims,
        cost=priced,
    )


def compare_figures(metric: Metric, old: Figure, new: Figure) -> Compared:
    """One figure of both runs: with an interval by its ends against the tolerance, a single event by its value.

    worse   the whole interval of the change is worse than the tolerance      better  the whole interval is better by as much
    same    the interval's worse end is within the tolerance                  cannot be compared  anything else
    """
    if old.value is None or new.value is None:
        sides = [f"{name}: {each.why}" for name, each in (("baseline", old), ("now", new)) if each.value is None]
        return _made(metric, old, new, Change.UNKNOWN, "; ".join(sides))
    if math.isinf(old.value):
        return _made(metric, old, new, Change.UNKNOWN, "baseline: readings of this quantile never were acknowledged")
    sign = 1 if metric.lower_is_better else -1  # change for the worse is positive from here on
    margin = metric.margin(old.value)
    delta = new.value - old.value
    if math.isinf(new.value):
        why = "readings of this quantile never were acknowledged any more"
        return _made(metric, old, new, Change.WORSE, why, interval=_interval(old, new), margin=margin)
    interval = _interval(old, new)
    if interval is None:
        worse, better = sign * delta > margin, -sign * delta > margin
        change = Change.WORSE if worse else Change.BETTER if better else Change.SAME
        return _made(metric, old, new, change, "", margin=margin)
    low, high = sorted((sign * interval.low, sign * interval.high))
    if low > margin:
        change, why = Change.WORSE, ""
    elif high <= margin:
        change, why = Change.BETTER if high < -margin else Change.SAME, ""
    else:
        change = Change.UNKNOWN
        why = "the interval reaches beyond the tolerance and does not lie beyond it: too few readings, or too restless"
    return _made(metric, old, new, change, why, interval=interval, margin=margin)


def _interval(old: Figure, new: Figure) -> intervals.Interval | None:
    """Of new - old."""
    if old.draws is not None and new.draws is not None:
        return intervals.of_draws(intervals.difference(new.draws, old.draws))
    if old.counts is not None and new.counts is not None:
        return intervals.newcombe(*new.counts, *old.counts)
    return None


def _ratio(old: Figure, new: Figure) -> intervals.Interval | None:
    """Of new / old; None where there are no draws, or some of them are not above 0."""
    if old.draws is None or new.draws is None or (old.draws <= 0).any() or np.isinf(old.draws).any():
        return None
    return intervals.of_draws(new.draws / old.draws)


def _made(
    metric: Metric,
    old: Figure,
    new: Figure,
    change: Change,
    why: str,
    *,
    interval: intervals.Interval | None = None,
    margin: float | None = None,
) -> Compared:
    known = old.value is not None and new.value is not None
    ratio = _ratio(old, new) if known and interval is not None else None
    return Compared(
        metric=metric.name,
        unit=metric.unit,
        lower_is_better=metric.lower_is_better,
        change=change,
        why=why,
        baseline=Side(value=old.value, n=old.n),
        now=Side(value=new.value, n=new.n),
        delta=new.value - old.value if old.value is not None and new.value is not None else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        ratio=new.value / old.value if ratio and old.value and new.value is not None else None,
        ratio_low=ratio.low if ratio else None,
        ratio_high=ratio.high if ratio else None,
        margin=margin,
    )


def _refusal(old: RunFigures, new: RunFigures, work: list[str], environments: list[str], across: bool) -> str:
    """Why nothing can be compared; empty where it can."""
    for name, run in (("baseline", old), ("now", new)):
        if run.doubt:
            return f"{name} {run.run}: {run.doubt}"
    if work:
        return f"unequal work: {_first(work)}"
    if environments and not across:
        return f"different environments: {_first(environments)}; --across-environments compares all the same"
    return ""


def _first(lines: list[str]) -> str:
    return lines[0] if len(lines) == 1 else f"{lines[0]} (and {len(lines) - 1} more)"


def _in_short(compared: list[Compared]) -> str:
    counts = {change: sum(each.change is change for each in compared) for change in Change}
    worse = next((each.metric for each in compared if each.change is Change.WORSE), "")
    unknown = next((f"{each.metric} ({each.why})" for each in compared if each.change is Change.UNKNOWN), "")
    named = ", ".join(f"{count} {change.value}" for change, count in counts.items() if count) or "nothing was compared"
    return f"{named}{f'; worse first: {worse}' if worse else f'; first that cannot be: {unknown}' if unknown else ''}"


def _is_service(name: str) -> bool:
    return name.startswith("services_") and name.endswith("/steady")


def _cost(old: RunFigures, new: RunFigures, prices: Prices) -> CostComparison:
    """Phases that both runs sampled. Sums with unequal parts cannot be compared."""
    baseline, now, compared = [], [], []
    for phase in [phase for phase in old.used if phase in new.used]:
        was, was_figure = cost(phase, old.used[phase], prices, 0)
        made, figure = cost(phase, new.used[phase], prices, 1)
        baseline.append(was)
        now.append(made)
        metric = Metric(f"cost/{phase}", prices.currency, share=0.0)
        if was.without != made.without:
            why = f"parts not recorded: baseline {', '.join(was.without) or 'none'}; now {', '.join(made.without) or 'none'}"
            compared.append(_made(metric, was_figure, figure, Change.UNKNOWN, why))
        else:
            tolerance = new.plan.comparison.resources if new.plan is not None else 0.0
            compared.append(compare_figures(Metric(metric.name, metric.unit, share=tolerance), was_figure, figure))
    name = f"{prices.name}, {prices.date.isoformat()}"
    return CostComparison(currency=prices.currency, prices=name, baseline=baseline, now=now, compared=compared)
