"""A volume that is full by Chaos Mesh: what is asked of it, and what the database's volume on the lab then takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.drivers.commands import CommandDriver
from chaos.drivers.kubernetes import io_chaos
from chaos.drivers.kubernetes.cluster import ClusterRefused
from chaos.drivers.kubernetes.driver import KubernetesDriver
from lab import launch
from lab.model import Options
from targets.kubernetes import ChaosMesh, Commands, Kubernetes, Workload
from tests.chaos.drivers.kubernetes.driven import driver
from tests.chaos.drivers.kubernetes.meshed import Meshed
from tests.lab.running import RunningLab, eventually
from tests.targets.test_kubernetes import section

DATABASE = Workload(kind="StatefulSet", namespace="vitals", name="postgres")
MESH = ChaosMesh(volume_path="/data")
_OF_TARGET = {"kind": "StatefulSet", "namespace": "vitals", "name": "postgres"}


def test_writes_to_the_volume_alone_are_refused_for_want_of_space_and_that_ends_by_itself() -> None:
    own = Meshed()
    for _ in range(2):
        io_chaos.fill(own.cluster, DATABASE, MESH, most_pods=2)
    assert own.made["vitals", "iochaos"]["metadata"]["name"] == io_chaos.NAME
    assert own.specs == [
        {
            "action": "fault",
            "mode": "all",
            "selector": {"namespaces": ["vitals"], "labelSelectors": {"app": "postgres", "tier": "front"}},
            "containerNames": ["postgres"],
            "volumePath": "/data",
            "methods": ["write"],
            "errno": 28,
            "percent": 100,
            "duration": "900s",
        }
    ]
    for _ in range(2):
        io_chaos.free(own.cluster, DATABASE)
        assert own.made == {}


def test_files_that_are_named_are_refused_alone() -> None:
    own = Meshed()
    tables = MESH.model_copy(update={"volume_files": "/data/**/base/**/*"})
    io_chaos.fill(own.cluster, DATABASE, tables, most_pods=2)
    assert own.specs[0]["path"] == "/data/**/base/**/*"


def test_a_volume_that_nobody_mounts_is_refused_and_so_are_nobody_and_too_many() -> None:
    own = Meshed()
    with pytest.raises(ClusterRefused, match=r"no container mounts /pgdata.*\(there are: /conf, /data, /run\)$"):
        io_chaos.fill(own.cluster, DATABASE, ChaosMesh(volume_path="/pgdata"), most_pods=2)
    with pytest.raises(ClusterRefused, match=r"pods of vitals with app=postgres,tier=front: 2 \(limit 1\)$"):
        io_chaos.fill(own.cluster, DATABASE, MESH, most_pods=1)
    none = Meshed(pods=0)
    with pytest.raises(ClusterRefused, match="none runs"):
        io_chaos.fill(none.cluster, DATABASE, MESH, most_pods=2)
    assert (own.made, none.made) == ({}, {})


def test_what_is_missing_for_it_is_said_by_name() -> None:
    def clusters(**changes: object) -> KubernetesDriver:
        own = Kubernetes.model_validate(section(**changes))
        return KubernetesDriver(own, CommandDriver("t", own.commands))

    mesh = {"volume_path": "/data"}
    assert clusters().lacks("fill_volume") == "kubernetes.chaos_mesh.volume_path is not given"
    assert clusters(chaos_mesh={}).lacks("fill_volume") == "kubernetes.chaos_mesh.volume_path is not given"
    assert clusters(chaos_mesh=mesh).lacks("fill_volume") == "kubernetes.workloads has no database"
    with_database = clusters(chaos_mesh=mesh, workloads={"database": _OF_TARGET})
    assert with_database.lacks("fill_volume") == ""
    assert with_database.lacks("volume_writable") == "kubernetes.commands.volume_writable is not given"


@pytest.mark.parametrize(("command", "writable"), [("true", True), ("false", False)])
def test_a_command_says_whether_the_volume_can_be_written(command: str, writable: bool) -> None:
    assert CommandDriver("t", Commands(volume_writable=[command])).volume_writable("fra") is writable


def test_a_command_that_ends_otherwise_says_nothing() -> None:
    with pytest.raises(RuntimeError, match=r"volume_writable: exit code 7 \(no such pod\)"):
        CommandDriver("t", Commands(volume_writable=["sh", "-c", "echo no such pod >&2; exit 7"])).volume_writable(
            "fra"
        )


@pytest.fixture(name="small", scope="module")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """A lab whose databases have volumes of their own."""
    state = tmp_path_factory.mktemp("small")
    options = Options(state=state, tools=False, takeover="perform", kubernetes=True, volume_mb=512)
    yield RunningLab(launch.up(options, die_with_caller=True))
    launch.down(state)


@pytest.mark.lab
def test_the_active_database_s_volume_takes_nothing_until_another_machine_frees_it(small: RunningLab) -> None:
    lab, other = driver(small), driver(small)
    assert lab.lacks("fill_volume") == ""
    assert lab.volume_writable("fra")
    for _ in range(2):
        lab.fill_volume("fra", full=True)
    assert not lab.volume_writable("fra")
    assert lab.volume_writable("gra")
    for _ in range(2):
        other.fill_volume("fra", full=False)
        assert lab.volume_writable("fra")
    assert eventually(lambda: small.upload(site="fra", timeout_s=5).status_code == 201)


@pytest.mark.lab
def test_without_a_volume_path_it_is_the_lab_s(small: RunningLab) -> None:
    lab = driver(small, chaos_mesh=ChaosMesh())
    lab.fill_volume("gra", full=True)
    assert not lab.volume_writable("gra")
    lab.fill_volume("gra", full=False)
    assert lab.volume_writable("gra")
