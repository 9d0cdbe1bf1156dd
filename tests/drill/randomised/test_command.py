"""What `zweitherz drill --random` says, with a runner that needs no lab."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from drill import cli
from drill.randomised.command import run_random
from drill.randomised.composition import Composition, compose

DRILLS = ["site-loss", "server-killed"]


def verdict(code: int) -> dict[str, Any]:
    name = {0: "pass", 1: "fail", 2: "inconclusive"}[code]
    return {"verdict": name, "exit_code": code, "checks": [{"name": "data-loss", "verdict": name, "why": "14 lost"}]}


def a_seed(wanted: Callable[[Composition], bool]) -> int:
    return next(seed for seed in range(500) if wanted(compose(seed, DRILLS)))


def run(seed: int, runner: Callable[[Composition], dict[str, Any]], most: int = 0, *, as_json: bool = False) -> int:
    return run_random(seed, DRILLS, with_defect=False, most=most, as_json=as_json, runner=runner)


def test_a_drill_that_passes_says_how_to_run_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[Composition] = []
    assert run(3, lambda each: ran.append(each) or verdict(0)) == 0
    assert ran == [compose(3, DRILLS)]
    out = capsys.readouterr().out
    assert "PASS (exit code 0)" in out
    assert f"again: {ran[0].command()}" in out


def test_a_failing_one_comes_down_to_what_it_fails_by(capsys: pytest.CaptureFixture[str]) -> None:
    seed = a_seed(lambda each: len(each.parts) > 3 and any(part.name == "jitter" for part in each.parts))

    def runner(each: Composition) -> dict[str, Any]:
        return verdict(1 if any(part.name == "jitter" for part in each.parts) else 0)

    assert run(seed, runner, most=40, as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["smallest"]["parts"] == ["jitter"]
    assert found["smallest"]["minimal"]
    assert "load.jitter=" in found["smallest"]["command"]


def test_one_that_is_inconclusive_has_found_nothing_to_make_smaller() -> None:
    ran: list[Composition] = []
    assert run(3, lambda each: ran.append(each) or verdict(2), most=40) == 2
    assert len(ran) == 1


def test_what_a_composition_decides_cannot_be_given_as_well() -> None:
    done = CliRunner().invoke(cli.app, ["drill", "--random", "3", "--set", "seed=1"])
    assert done.exit_code == 64
    assert "--random composes its own drill" in done.output
