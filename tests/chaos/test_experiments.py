"""Every experiment in the house is a valid Chaos Toolkit file with a plan of ours, and runs only functions that exist."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chaoslib.experiment import ensure_experiment_is_valid

from chaos.faults import check_faults
from drill.alerting import objectives
from loadtests.population import make_patients
from loadtests.schedule import make_schedule
from results.checks import check_names
from results.plan_file import plan_of, read_experiment

FILES = sorted((Path(__file__).resolve().parent.parent.parent / "chaos/experiments").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_experiment_is_valid_and_its_plan_complete(path: Path) -> None:
    experiment = read_experiment(path)
    ensure_experiment_is_valid(experiment)
    for quick in (False, True):
        plan = plan_of(experiment, str(path), quick=quick)
        assert plan.drill == path.stem
        check_faults(plan)
        check_names(plan.checks)
        objectives(plan)
    activities = [*experiment["steady-state-hypothesis"]["probes"], *experiment["method"], *experiment["rollbacks"]]
    for activity in activities:
        provider = activity["provider"]
        assert callable(getattr(importlib.import_module(provider["module"]), provider["func"]))


def test_chaos_toolkits_own_command_accepts_it() -> None:
    path = FILES[0]
    chaos = Path(sys.executable).with_name("chaos")
    done = subprocess.run(
        [chaos, "--no-version-check", "--log-file", "/dev/null", "validate", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_whole_drill_fits_its_time_and_lets_everybody_upload() -> None:
    """The full drill lasts at most seven minutes, and every patient is due at least once before the load ends."""
    plan = plan_of(read_experiment(next(p for p in FILES if p.stem == "site-loss")), "site-loss")
    phases = plan.phases
    load_s = phases.warm_up_s + phases.steady_s + phases.recovered_s
    assert load_s + phases.drain_s < 420
    schedule = make_schedule(make_patients(plan), plan.load, plan.seed, load_s)
    assert len(np.unique(schedule.patient)) == plan.population.patients == 120_000
