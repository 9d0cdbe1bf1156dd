"""Reads the plan of a drill out of its experiment file, with changes from the command line, and writes it as evidence.

An experiment is a Chaos Toolkit file; ours stands under ``extensions: [{name: zweitherz, …}]``. Beside the plan's own keys it may
have ``quick``: dotted keys and values that ``--quick`` puts in place. ``plan.yaml`` of a run is the experiment as run, with every
default made visible.
"""

from __future__ import annotations

import copy
import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from results.plan import Plan

NAME = "zweitherz"
Raw = dict[str, Any]  # YAML as read
# A quick drill has a twelfth of the readings, in 12 s of steady phase: a p99 of the distance class of 15 % of its patients has no
# interval there, and tolerances that take minutes to decide would leave every comparison undecided. It says less, and says so in
# its plan (docs/compare.md).
_QUICK_COMPARISON: Raw = {
    "latency": {"p50": 0.2, "p95": 0.4},
    "by_distance": ["p50", "p95"],
    "availability": 0.05,
    "resources": 0.3,
}


class BadPlan(ValueError):
    """One line: which file, which key, what was found, what is allowed."""


def read_experiment(path: Path) -> Raw:
    """The experiment as a mapping. Raises BadPlan."""
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadPlan(f"{path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadPlan(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(data, dict):
        raise BadPlan(f"{path}: expected a mapping, found {type(data).__name__}")
    return data


def plan_of(experiment: Raw, source: str, *, drill: str = "", quick: bool = False, sets: Iterable[str] = ()) -> Plan:
    """The plan of an experiment, with `quick` and ``KEY=VALUE`` changes applied in this order. Raises BadPlan.

    `quick` brings wider tolerances of a comparison with it, but for those that the experiment names.
    """
    raw = copy.deepcopy(_extension(experiment, source))
    for_quick = raw.pop("quick", {})
    if drill:
        raw.setdefault("drill", drill)
    if quick:
        if not for_quick:
            raise BadPlan(f"{source}: --quick asked for, but the experiment has no 'quick' part")
        named = raw.get("comparison", {})
        if isinstance(named, dict):  # anything else is refused below, by its key
            raw["comparison"] = {**copy.deepcopy(_QUICK_COMPARISON), **named}
        for key, value in for_quick.items():
            _put(raw, key, value, f"{source}: quick")
    for each in sets:
        key, equals, text = each.partition("=")
        if not equals:
            raise BadPlan(f"--set {each!r}: must be KEY=VALUE")
        try:
            value = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise BadPlan(f"--set {key}: value {text!r} is not YAML") from error
        _put(raw, key, value, "--set")
    try:
        return Plan.model_validate(raw)
    except ValidationError as error:
        raise BadPlan(f"{source}: {_one_line(error)}") from error


def read_plan(path: Path) -> Plan:
    """The plan in a run's ``plan.yaml``. Raises BadPlan."""
    return plan_of(read_experiment(path), str(path))


def write_plan(plan: Plan, path: Path, experiment: Mapping[str, Any] | None = None) -> None:
    """The experiment as run: `experiment` (or nothing but the plan) with every default of the plan visible."""
    whole = plan.model_dump(mode="json", by_alias=True)
    if experiment is not None:
        others = [each for each in experiment.get("extensions", []) if each.get("name") != NAME]
        whole = {**experiment, "extensions": [*others, whole]}
    yaml = YAML()
    yaml.default_flow_style = False
    draft = path.with_suffix(f".{os.getpid()}.part")  # workers of one host may write the same plan at the same time
    with draft.open("w", encoding="utf-8") as out:
        yaml.dump(whole, out)
    draft.rename(path)


def _extension(experiment: Raw, source: str) -> Raw:
    if "extensions" not in experiment and experiment.get("schema") == "zweitherz/plan/1":
        return experiment
    extensions = experiment.get("extensions")
    for each in extensions if isinstance(extensions, list) else []:
        if isinstance(each, dict) and each.get("name") == NAME:
            return each
    raise BadPlan(f"{source}: extensions: none is named {NAME!r}; a drill needs its plan there")


def _put(raw: Raw, key: str, value: object, where: str) -> None:
    """Set a dotted key; every part must be known to the plan's schema (or a key of a mapping in it)."""
    model: type[BaseModel] | None = Plan
    place = raw
    *folders, last = key.split(".")
    for part in folders:
        model = _descend(model, part, key, where)
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise BadPlan(f"{where} {key}: {part} is no mapping")
    _descend(model, last, key, where)
    place[last] = value


def _descend(model: type[BaseModel] | None, part: str, key: str, where: str) -> type[BaseModel] | None:
    if model is None:
        return None
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    if part not in fields:
        raise BadPlan(f"{where} {key}: {part!r} is unknown{_nearest(part, fields)}")
    inner = fields[part].annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _nearest(found: str, allowed: Iterable[str]) -> str:
    names = list(allowed)
    near = difflib.get_close_matches(found, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(names))}"


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    key = ".".join(place) or "the whole"
    if first["type"] == "extra_forbidden":
        model: type[BaseModel] | None = Plan
        for part in place[:-1]:
            fields: dict[str, Any] = model.model_fields if model else {}
            inner = fields[part].annotation if part in fields else None
            model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
        return f"{key}: unknown key{_nearest(place[-1], model.model_fields if model else [])}"
    message = first["msg"].removeprefix("Value error, ")
    found = "" if first["type"] in ("missing", "value_error") else f" (found {first['input']!r:.60})"
    return f"{key}: {message}{found}"
