"""``zweitherz drill --random SEED``: composes a drill, runs it, and makes it smaller when it fails."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

from drill.proof.runner import Drills, NoVerdict
from drill.proof.systems import System
from drill.randomised.composition import Composition, compose
from drill.randomised.shrinking import shrink

Verdict = dict[str, Any]  # as `zweitherz drill --json` says it
Runner = Callable[[Composition], Verdict]
# drills in which nothing is left to chance: five minutes of quiet, or parts that a composition would take away
_LEFT_OUT = frozenset({"quiet", "backlog-drain", "reconnect-herd", "dns-wrong", "volume-full", "lagging-mirror"})
_FAILED = frozenset({1, 4})


def run_random(
    seed: int, drills: Iterable[str], *, with_defect: bool, most: int, as_json: bool, runner: Runner | None = None
) -> int:
    """Exit code of the drill that the seed composes; `most`: so many drills at most to make a failing one smaller."""
    run = runner or in_process_of_its_own
    composed = compose(seed, [name for name in drills if name not in _LEFT_OUT], with_defect=with_defect)
    names = ", ".join(part.name for part in composed.parts) or "unchanged"
    if not as_json:
        typer.echo(f"seed {seed}: {composed.drill}, {names}")
    verdict = run(composed)
    code = int(verdict["exit_code"])
    found: dict[str, Any] = {"seed": seed, "drill": composed.drill, "parts": [part.name for part in composed.parts]}
    found |= {"verdict": verdict["verdict"], "exit_code": code, "command": composed.command()}
    if code in _FAILED and most:
        shrunk = shrink(composed, lambda smaller: int(run(smaller)["exit_code"]) in _FAILED, most)
        found["smallest"] = {
            "parts": [part.name for part in shrunk.composition.parts],
            "command": shrunk.composition.command(),
            "drills": shrunk.asked,
            "minimal": shrunk.minimal,
        }
    if as_json:
        typer.echo(json.dumps(found))
        return code
    typer.echo(f"{str(verdict['verdict']).upper()} (exit code {code})")
    for check in verdict["checks"]:
        if check["verdict"] != "pass":
            typer.echo(f"  {check['name']}: {check['why']}")
    typer.echo(f"again: {found['command']}")
    if "smallest" in found:
        bound = "" if found["smallest"]["minimal"] else f", stopped after {most}"
        typer.echo(f"smallest that fails ({found['smallest']['drills']} drills{bound}): {found['smallest']['command']}")
    return code


def in_process_of_its_own(composition: Composition) -> Verdict:
    """Runs it; its evidence is kept. Raises NoVerdict."""
    results = Path(tempfile.mkdtemp(prefix="zweitherz-random-"))
    drills = Drills({"drill": System(composition.drill, composition.changes)}, results, 1)
    try:
        verdict = drills.verdict("drill")
    except NoVerdict as error:
        return {"verdict": "none", "exit_code": 4, "checks": [{"name": "drill", "verdict": "fail", "why": str(error)}]}
    finally:
        drills.close()
    typer.echo(f"evidence: {results}", err=True)
    return verdict
