from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from results.plan import Plan
from results.plan_file import BadPlan, plan_of, read_experiment, read_plan, write_plan

EXPERIMENT: dict[str, Any] = {
    "title": "t",
    "extensions": [{"name": "zweitherz", "drill": "d", "quick": {"load.rate": 5, "phases.steady_s": 3}}],
}


def test_quick_and_then_set_change_the_plan() -> None:
    plan = plan_of(EXPERIMENT, "x.yaml", quick=True, sets=["load.rate=7", "lab.replication=async"])
    assert (plan.load.rate, plan.phases.steady_s, plan.lab.replication) == (7, 3, "async")


def test_quick_compares_with_wider_tolerances_but_for_those_that_are_named() -> None:
    named = {"name": "zweitherz", "drill": "d", "quick": {"load.rate": 5}, "comparison": {"resources": 0.05}}
    quick = plan_of({"extensions": [named]}, "x.yaml", quick=True).comparison
    assert (quick.resources, quick.latency, quick.by_distance) == (0.05, {"p50": 0.2, "p95": 0.4}, ["p50", "p95"])
    whole = plan_of({"extensions": [{**named, "comparison": {}}]}, "x.yaml").comparison
    assert whole == Plan(drill="d").comparison
    with pytest.raises(BadPlan, match="comparison: Input should be a valid"):
        plan_of({"extensions": [{**named, "comparison": [1]}]}, "x.yaml", quick=True)


def test_without_quick_its_part_is_left_alone() -> None:
    assert plan_of(EXPERIMENT, "x.yaml").load.rate == Plan(drill="d").load.rate


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["load.rte=5"], r"--set load.rte: 'rte' is unknown; did you mean 'rate'\?"),
        (["lod.rate=5"], r"--set lod.rate: 'lod' is unknown; did you mean 'load'\?"),
        (["load.rate"], r"--set 'load.rate': must be KEY=VALUE"),
        (["load.rate=many"], r"x.yaml: load.rate: .*valid number.*\(found 'many'\)"),
        (["population.patients=0"], r"x.yaml: population.patients: .*greater than or equal to 1 \(found 0\)"),
        (["lab.replication=semi"], r"x.yaml: lab.replication: .*'sync' or 'async'"),
        (["load.distances={near: 0.5}"], r"load.distances: shares add up to 0.5, must be 1"),
    ],
)
def test_a_bad_change_is_refused_in_one_line(sets: list[str], message: str) -> None:
    with pytest.raises(BadPlan, match=message) as refused:
        plan_of(EXPERIMENT, "x.yaml", sets=sets)
    assert "\n" not in str(refused.value)


def test_an_unknown_key_in_the_file_names_the_nearest() -> None:
    with pytest.raises(BadPlan, match=r"x.yaml: phases.stedy_s: unknown key; did you mean 'steady_s'\?"):
        plan_of({"extensions": [{"name": "zweitherz", "drill": "d", "phases": {"stedy_s": 1}}]}, "x.yaml")


def test_an_experiment_without_our_plan_is_refused() -> None:
    with pytest.raises(BadPlan, match="none is named 'zweitherz'"):
        plan_of({"title": "t", "extensions": [{"name": "other"}]}, "x.yaml")


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "\xff"])
def test_a_file_that_is_no_experiment_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadPlan, match=r"x\.yaml"):
        read_experiment(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="No such file"):
        read_experiment(tmp_path / "none.yaml")


def test_the_plan_as_run_has_every_default_and_reads_as_the_same_plan(tmp_path: Path) -> None:
    plan = plan_of(EXPERIMENT, "x.yaml", quick=True)
    write_plan(plan, tmp_path / "plan.yaml", EXPERIMENT)
    assert read_plan(tmp_path / "plan.yaml") == plan
    assert "backoff_cap_s" in (tmp_path / "plan.yaml").read_text()
    assert read_experiment(tmp_path / "plan.yaml")["title"] == "t"


WRITE = """
import sys
from pathlib import Path
from results.plan import Plan
from results.plan_file import read_plan, write_plan

plan, path = Plan(drill="many"), Path(sys.argv[1])
for _ in range(20):
    write_plan(plan, path)
    assert read_plan(path) == plan
"""


def test_workers_of_one_host_may_write_the_same_plan_at_the_same_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE, str(tmp_path / "plan.yaml")]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [writer.communicate(timeout=60)[1] for writer in writers] == [b""] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["plan.yaml"]
