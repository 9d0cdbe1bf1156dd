"""One run as its page shows it: from ``verdict.json`` and the names of its files, never from its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.browser.folder import NotThere, read_file
from results.finding import Finding, Verdict
from results.judge import Judgement
from results.listing import Listed
from results.marks import Marks
from results.sentence import sentence

_LARGEST_VERDICT = 4 << 20  # of bytes, as for lists
_HEADLINE = (
    *("rta_s", "uploads_acknowledged", "uploads_lost", "availability", "patients", "patients_seen"),
    *("latency_p50_ms", "latency_p99_ms", "ttd_s", "generator_lag_p99_ms"),
)


@dataclass(frozen=True)
class Judged:
    """`sentence`: the verdict in one sentence. `objectives`: by check and name, as the run had them."""

    sentence: str
    seed: str
    findings: tuple[Finding, ...]
    objectives: Mapping[str, Mapping[str, Any]]  # JSON values


class Damaged(ValueError):
    """A verdict that cannot be shown; one line says why."""


def judged(run: Listed) -> Judged:
    """What the verdict says. `run`: listed as judged. Raises Damaged."""
    if run.verdict is None:
        raise Damaged(run.shown)
    try:
        told: dict[str, Any] = json.loads(read_file(run.path, "verdict.json", _LARGEST_VERDICT))
        findings = tuple(_finding(each) for each in told["checks"])
        seed = told.get("seed")
    except (NotThere, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Damaged(f"verdict.json is damaged: {error}") from error
    headline = dict.fromkeys(_HEADLINE) | run.headline
    judgement = Judgement(run.run, run.drill, None, run.verdict, findings, Marks(), dict(headline))
    return Judged(
        sentence=sentence(judgement),
        seed="" if seed is None else str(seed),
        findings=findings,
        objectives={finding.name: finding.objective for finding in findings},
    )


def objectives(run: Path) -> Mapping[str, Mapping[str, Any]]:  # JSON values
    """Objectives by check and name of a stored verdict; none where it cannot be read: the list says what is wrong with it."""
    try:
        told = json.loads(read_file(run, "verdict.json", _LARGEST_VERDICT))
        return {str(each["name"]): _mapping(each.get("objective")) for each in told["checks"]}
    except (NotThere, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _finding(told: Mapping[str, Any]) -> Finding:
    return Finding(
        name=str(told["name"]),
        verdict=Verdict(told["verdict"]),
        why=str(told.get("why", "")),
        measured=_mapping(told.get("measured")),
        objective=_mapping(told.get("objective")),
    )


def _mapping(value: Any) -> dict[str, Any]:  # of a file that anybody may have written
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}
