"""Was the same asked of both systems? Figures of unequal work cannot be compared: less work is always quicker and cheaper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from results.comparison.figures import RunFigures
from results.plan import Plan

# parts of the plan that are the work; what is judged by, and what the system under drill is made of, may differ
_WORK = ("population", "load", "phases", "fault", "conditions")
_NOT_WORK = {"load.workers"}  # who uploads what and when does not depend on how many send it
# objectives that define a figure rather than limit it
_MEANING = ("deadline_s", "good_ratio", "restored_window_s", "restored_hold_s")


def unequal(old: RunFigures, new: RunFigures) -> list[str]:
    """One line for each thing that was asked differently; empty where the work was the same."""
    if old.plan is None or new.plan is None:
        return ["a plan cannot be read"]
    lines = unequal_plans(old.plan, new.plan)
    lines += _schedule(old, new, old.plan, new.plan)
    lines += _intended(old, new, new.plan.comparison.intended)
    return lines


def unequal_plans(old: Plan, new: Plan) -> list[str]:
    """The same as far as it can be said before a drill has run, but for the seed: one line for each key."""
    lines = [f"drill: {old.drill} and {new.drill}"] if old.drill != new.drill else []
    was, now = _work(old), _work(new)
    lines += [f"{key}: {was.get(key)} and {now.get(key)}" for key in sorted(was | now) if was.get(key) != now.get(key)]
    return lines


def _work(plan: Plan) -> dict[str, object]:
    """Dotted key -> value."""
    whole = plan.model_dump(mode="json")
    flat = dict(_flat({name: whole[name] for name in _WORK}))
    flat |= {f"objectives.{name}": whole["objectives"][name] for name in _MEANING}
    # patients that are nearer are served sooner, whoever serves them
    flat |= dict(_flat({"lab": {"distances_ms": whole["lab"]["distances_ms"]}}))
    return {key: value for key, value in flat.items() if key not in _NOT_WORK}


def _flat(part: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _schedule(old: RunFigures, new: RunFigures, was: Plan, now: Plan) -> list[str]:
    """The schedule as the senders computed it; where one of them did not write its digest, the seed."""
    if old.schedules and new.schedules:
        shown = [", ".join(sorted(digest[:12] for digest in run.schedules)) for run in (old, new)]
        return [] if old.schedules == new.schedules else [f"schedule of the uploads: {shown[0]} and {shown[1]}"]
    return [] if was.seed == now.seed else [f"seed: {was.seed} and {now.seed}"]


def _intended(old: RunFigures, new: RunFigures, tolerance: float) -> list[str]:
    if not old.intended_steady or not new.intended_steady:
        return ["readings intended in the steady phase: not known"]
    if abs(new.intended_steady - old.intended_steady) > tolerance * old.intended_steady:
        return [
            f"readings intended in the steady phase: {old.intended_steady} and {new.intended_steady} "
            f"(tolerance {tolerance:.0%})"
        ]
    return []
