"""The two sentences of the case, asked of two runs: lower latency whatever the distance; 20 % less resources (and cost).

*yes* needs every part of the sentence shown by its interval, *no* one part shown to be otherwise; all else is *not shown*.
As all parts must hold at once, the chance of a wrong *yes* is not more than that of one part (intersection-union test): nothing
is to be corrected for their number.
"""

from __future__ import annotations

from collections.abc import Iterable

from results.comparison.figures import RunFigures, slo_met
from results.comparison.model import Answer, Claim, Compared

LESS = 0.8
LATENCY = "Is latency lower whatever the distance?"
RESOURCES = "Are resources 20 % less?"
COST = "Is the cost 20 % less?"


def latency_claim(compared: Iterable[Compared], places: Iterable[str], names: Iterable[str]) -> Claim:
    """*yes*: for every distance class the whole interval of new - old lies below 0, for each quantile, in the steady phase."""
    by_name = {each.metric: each for each in compared}
    wanted = [f"latency_{name}_ms/steady/{place}" for place in places for name in names]
    if not wanted:
        return Claim(question=LATENCY, answer=Answer.UNKNOWN, why="the plan compares no quantile by distance")
    lower, higher, unclear = [], [], []
    for name in wanted:
        each = by_name.get(name)
        shown = name.removeprefix("latency_").replace("_ms/steady/", " ")
        if each is None or each.low is None or each.high is None:
            unclear.append(f"{shown}: {each.why if each else 'not compared'}")
        elif each.high < 0:
            lower.append(f"{shown} {each.delta:+.1f} ms ({each.low:+.1f} to {each.high:+.1f})")
        elif each.low >= 0:
            higher.append(f"{shown} {each.delta:+.1f} ms ({each.low:+.1f} to {each.high:+.1f})")
        else:
            unclear.append(f"{shown} {each.delta:+.1f} ms ({each.low:+.1f} to {each.high:+.1f})")
    if higher:
        return Claim(question=LATENCY, answer=Answer.NO, why=f"not lower: {', '.join(higher)}")
    if unclear:
        return Claim(question=LATENCY, answer=Answer.UNKNOWN, why=f"nobody can tell: {', '.join(unclear)}")
    return Claim(question=LATENCY, answer=Answer.YES, why=", ".join(lower))


def less_claim(question: str, parts: Iterable[Compared], old: RunFigures, new: RunFigures) -> Claim:
    """*yes*: the upper end of every new / old is at most 0.8, with equal accepted work and objectives kept (definitions 6.8)."""
    recorded = [each for each in parts if each.baseline.value is not None or each.now.value is not None]
    if not recorded:
        return Claim(question=question, answer=Answer.UNKNOWN, why="neither run recorded them")
    # a service that does its work badly needs less: without the objectives, less is not better
    if missed := [run.run for run in (old, new) if not slo_met(run)]:
        why = f"not both runs kept their objectives of latency and availability: {', '.join(missed)}"
        return Claim(question=question, answer=Answer.UNKNOWN, why=why)
    accepted = [float(run.used["steady"].uploads.sum()) if "steady" in run.used else 0.0 for run in (old, new)]
    if abs(accepted[1] - accepted[0]) > accepted[0] * (new.plan.comparison.intended if new.plan is not None else 0.0):
        why = f"unequal work: {accepted[0]:.0f} and {accepted[1]:.0f} uploads acknowledged in the steady phase"
        return Claim(question=question, answer=Answer.UNKNOWN, why=why)
    shown = [
        f"{each.metric.partition('/')[0]} × {each.ratio:.3f} ({each.ratio_low:.3f} to {each.ratio_high:.3f})"
        if each.ratio is not None and each.ratio_low is not None and each.ratio_high is not None
        else f"{each.metric}: {each.why or 'no ratio'}"
        for each in recorded
    ]
    if any(each.ratio_low is not None and each.ratio_low > LESS for each in recorded):
        answer = Answer.NO
    elif all(each.ratio_high is not None and each.ratio_high <= LESS for each in recorded):
        answer = Answer.YES
    else:
        answer = Answer.UNKNOWN
    return Claim(question=question, answer=answer, why=f"{', '.join(shown)}; asked: upper ends at most {LESS:g}")
