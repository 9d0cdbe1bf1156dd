"""How a pod is shown: by what is wanted of it and by what was seen of its process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import tables, workloads
from lab.kubernetes.looks import Seen
from lab.kubernetes.objects import pods
from lab.kubernetes.wanted import Pod, Wanted
from lab.model import Options

_WELL = Seen(runs=True, pid=7, restarts=0, returns=False, since_s=1000, well=True)


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    return Wanted("fra", workloads.workloads(Options(state=tmp_path), "fra"))


def made(wanted: Wanted, name: str = "vitals", pid: int | None = 7, **more: Any) -> Pod:
    workload = wanted.workload("vitals", name)
    assert workload is not None
    pod = wanted.new_pod(workload, 0)
    pod.pid = pid
    for field, value in more.items():
        setattr(pod, field, value)
    return pod


@pytest.mark.parametrize(
    ("seen", "phase", "ready", "printed"),
    [
        (_WELL, "Running", True, ["1/1", "Running", 0]),
        (replace(_WELL, well=False), "Running", False, ["0/1", "Running", 0]),
        (replace(_WELL, restarts=3), "Running", True, ["1/1", "Running", 3]),
        (replace(_WELL, runs=False, well=False, returns=True), "Running", False, ["0/1", "CrashLoopBackOff", 0]),
        (replace(_WELL, runs=False, well=False), "Failed", False, ["0/1", "Error", 0]),
        (None, "Failed", False, ["0/1", "Error", 0]),
        (replace(_WELL, pid=8), "Failed", False, ["0/1", "Error", 0]),  # somebody else's process is not this pod's
    ],
)
def test_what_is_not_seen_is_not_claimed(
    wanted: Wanted, seen: Seen | None, phase: str, ready: bool, printed: list[object]
) -> None:
    shown = pods.pod(wanted, made(wanted), seen, site_alive=True)
    assert shown["status"]["phase"] == phase
    assert {each["type"]: each["status"] for each in shown["status"]["conditions"]}["Ready"] == str(ready)
    assert tables.table("pods", [shown], "1")["rows"][0]["cells"][1:-1] == printed


def test_a_pod_of_a_dead_site_is_lost(wanted: Wanted) -> None:
    status = pods.pod(wanted, made(wanted), None, site_alive=False)["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "NodeLost")


def test_a_pod_that_could_not_be_started_says_why(wanted: Wanted) -> None:
    shown = pods.pod(wanted, made(wanted, pid=None, trouble="site fra is down"), None, site_alive=True)
    assert shown["status"]["phase"] == "Pending"
    (container,) = shown["status"]["containerStatuses"]
    assert container["state"] == {"waiting": {"reason": "CreateContainerError", "message": "site fra is down"}}


def test_without_a_node_that_takes_pods_a_new_one_waits(wanted: Wanted) -> None:
    for node in wanted.nodes.values():
        node.unschedulable = True
    shown = pods.pod(wanted, made(wanted, pid=None), None, site_alive=True)
    assert shown["status"]["phase"] == "Pending"
    assert "nodeName" not in shown["spec"]
    assert shown["status"]["conditions"][0]["message"] == "all nodes are cordoned"


def test_pods_are_spread_and_a_cordoned_node_takes_none(wanted: Wanted) -> None:
    workload = wanted.workload("vitals", "vitals")
    assert workload is not None
    assert {wanted.new_pod(workload, number).node for number in range(2)} == {"fra-node-0", "fra-node-1"}
    wanted.nodes["fra-node-0"].unschedulable = True
    assert {made(wanted).node for _ in range(3)} == {"fra-node-1"}


def test_the_pod_of_a_stateful_set_keeps_its_name_and_not_its_identity(wanted: Wanted) -> None:
    one, other = made(wanted, "postgres"), made(wanted, "postgres")
    assert (one.name, other.name) == ("postgres-0", "postgres-0")
    assert one.uid != other.uid
    assert made(wanted).name != made(wanted).name


def test_a_pod_that_ends_says_until_when(wanted: Wanted) -> None:
    shown = pods.pod(wanted, made(wanted, ending=1000.0, grace_s=30), _WELL, site_alive=True)
    assert shown["metadata"]["deletionTimestamp"] == "1970-01-01T00:17:10Z"
    assert tables.table("pods", [shown], "1")["rows"][0]["cells"][2] == "Terminating"
