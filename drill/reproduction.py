"""The command that runs a drill again with the same seed: short where a drill of the catalogue gives the same plan, else by the
run's own ``plan.yaml``, which is that drill to the letter.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drill.experiments import UnknownDrill, experiment
from results.evidence import Evidence, Unusable
from results.plan import Plan
from results.plan_file import BadPlan, Raw, plan_of, read_experiment

_MOST_CHANGES = 6
_WORD = re.compile(r"(?!(true|false|null)$)[a-z][a-z0-9-]*")  # text that YAML reads as itself


def command_of(run: Path) -> str:
    """One line for a shell, from the folder in which drills are run; empty where the run has no plan that can be read."""
    stored = run / "plan.yaml"
    try:
        raw = read_experiment(stored)
        plan = plan_of(raw, str(stored))
    except BadPlan:
        return ""
    found = [*_by_name(raw, plan, quick=False), *_by_name(raw, plan, quick=True)]
    fewest = min(found, key=len, default=["drill", str(_relative(stored))])
    # whatever stands in a target file may be secret, and is not in a run: who has it puts its name here
    return shlex.join(["zweitherz", *fewest]) + (" --target FILE" if _on_a_target(run) else "")


def _by_name(raw: Raw, plan: Plan, *, quick: bool) -> Iterator[list[str]]:
    """Arguments that make this very plan of the catalogue's drill of that name; none where they do not."""
    try:
        path = experiment(plan.drill)
        named = read_experiment(path)
        base = plan_of(named, str(path), drill=plan.drill, quick=quick)
    except (UnknownDrill, BadPlan):
        return
    if _method(named) != _method(raw):
        return
    sets = [f"{key}={_yaml(value)}" for key, value in _changes(base, plan)]
    try:
        same = plan_of(named, str(path), drill=plan.drill, quick=quick, sets=sets) == plan
    except BadPlan:  # a change that cannot be said by one key
        return
    if same and len(sets) <= _MOST_CHANGES:
        seed = ["--seed", str(plan.seed)]
        others = [f"--set={each}" for each in sets if not each.startswith("seed=")]
        yield ["drill", plan.drill, *(["--quick"] if quick else []), *seed, *others]


def _method(experiment: Raw) -> dict[str, Any]:  # YAML
    return {key: value for key, value in experiment.items() if key != "extensions"}


def _changes(base: Plan, plan: Plan) -> list[tuple[str, object]]:
    was = dict(_flat(base.model_dump(mode="json", by_alias=True)))
    now = dict(_flat(plan.model_dump(mode="json", by_alias=True)))
    return [(key, value) for key, value in now.items() if key not in was or was[key] != value]


def _flat(part: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _yaml(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else json.dumps(value)


def _on_a_target(run: Path) -> bool:
    """Whether it ran on a target that has no lab's control socket."""
    with Evidence(run) as evidence:
        try:
            return evidence.environment.get("lab") is None
        except Unusable:
            return False


def _relative(path: Path) -> Path:
    here = Path.cwd().resolve()
    return path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path
