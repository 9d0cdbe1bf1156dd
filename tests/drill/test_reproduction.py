"""The command that a summary tells makes the plan that was run: said by name where that is short, else by the plan itself."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from drill.experiments import experiment
from drill.reproduction import command_of
from results.plan_file import plan_of, read_experiment, write_plan


def ran(run: Path, name: str, *, quick: bool = False, sets: tuple[str, ...] = (), lab: object = "a lab") -> Path:
    """As a drill records what it ran."""
    run.mkdir(exist_ok=True)
    raw = read_experiment(experiment(name))
    write_plan(plan_of(raw, name, drill=name, quick=quick, sets=sets), run / "plan.yaml", raw)
    (run / "environment.json").write_text(json.dumps({"lab": lab}))
    return run


@pytest.mark.parametrize(
    ("quick", "sets", "command"),
    [
        (False, (), "zweitherz drill site-loss --seed 1"),
        (True, (), "zweitherz drill site-loss --quick --seed 1"),
        (True, ("seed=7",), "zweitherz drill site-loss --quick --seed 7"),
        (
            True,
            ("lab.replication=async", "load.rate=70"),
            "zweitherz drill site-loss --quick --seed 1 --set=load.rate=70.0 --set=lab.replication=async",
        ),
    ],
)
def test_it_names_the_drill_its_seed_and_what_was_changed(
    tmp_path: Path, quick: bool, sets: tuple[str, ...], command: str
) -> None:
    assert command_of(ran(tmp_path / "run", "site-loss", quick=quick, sets=sets)) == command


@pytest.mark.parametrize("name", ["site-loss", "database-killed", "second-fault"])
def test_the_command_makes_the_very_plan(tmp_path: Path, name: str) -> None:
    run = ran(tmp_path / "run", name, quick=True, sets=("seed=9", "conditions=[{name: mirror-behind}]", "people=[]"))
    words = shlex.split(command_of(run))
    path = experiment(words[2])
    sets = [word.removeprefix("--set=") for word in words if word.startswith("--set=")]
    sets.append(f"seed={words[words.index('--seed') + 1]}")
    made = plan_of(read_experiment(path), "again", drill=words[2], quick="--quick" in words, sets=sets)
    assert made == plan_of(read_experiment(run / "plan.yaml"), "plan.yaml")


def test_what_cannot_be_said_in_a_few_words_is_run_by_its_own_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = ran(tmp_path / "run", "site-loss")
    plan = read_experiment(run / "plan.yaml")
    plan["method"] = plan["method"][:1]  # other steps under the same name
    (run / "plan.yaml").write_text(json.dumps(plan))
    assert command_of(run) == "zweitherz drill run/plan.yaml"
    again = plan_of(read_experiment(run / "plan.yaml"), "again", drill="plan")
    assert again == plan_of(read_experiment(run / "plan.yaml"), "plan.yaml"), "its drill keeps its name"


def test_many_changes_are_run_by_the_plan_as_well(tmp_path: Path) -> None:
    keys = ("steady_s", "fault_s", "recovered_s", "drain_s", "return_s", "home_s", "takeover_limit_s")
    run = ran(tmp_path / "run", "site-loss", sets=tuple(f"phases.{key}=33" for key in keys))
    assert command_of(run) == f"zweitherz drill {run / 'plan.yaml'}"


def test_a_target_of_ones_own_has_to_be_named_again(tmp_path: Path) -> None:
    assert command_of(ran(tmp_path / "run", "site-loss", lab=None)).endswith("--seed 1 --target FILE")


def test_a_run_without_a_plan_has_no_command(tmp_path: Path) -> None:
    assert command_of(tmp_path) == ""
