"""IOChaos as the lab has it: which shapes are refused, and a volume that is full for as long as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from lab import launch
from lab.kubernetes import workloads
from lab.kubernetes.objects import io_chaos
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.wanted import Pod
from lab.kubernetes.workloads import Workload
from lab.model import Options
from tests.lab.kubernetes.speaking import SpeakingLab, eventually, refused

_OF = ("chaos-mesh.org", "v1alpha1", "vitals", "iochaos")


def spec(**changes: Any) -> dict[str, Any]:
    whole = {
        "action": "fault",
        "mode": "all",
        "selector": {"namespaces": ["vitals"], "labelSelectors": {"app": "postgres"}},
        "volumePath": "/data",
        "methods": ["write"],
        "errno": 28,
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


@pytest.fixture
def database(tmp_path: Path) -> Workload:
    found = workloads.workloads(Options(state=tmp_path), "fra")
    return next(each for each in found if each.is_database and each.namespace == "vitals")


def test_what_is_asked_for_is_kept(database: Workload) -> None:
    whole = spec(duration="15m", containerNames=["postgres"], percent=100)
    one = io_chaos.checked({"name": "one"}, whole, database)
    assert (one.duration_s, one.spec) == (900, whole)
    assert io_chaos.checked({"name": "one"}, spec(), database).duration_s is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"volumePath": None}, 422),
        ({"duration": "soon"}, 422),
        ({"action": "latency"}, 501),
        ({"action": None}, 501),
        ({"mode": "one"}, 501),
        ({"selector": {"namespaces": ["vitals"]}}, 501),
        ({"selector": {"namespaces": ["tools"], "labelSelectors": {"app": "postgres"}}}, 501),
        ({"volumePath": "/tls"}, 501),
        ({"methods": ["read"]}, 501),
        ({"methods": None}, 501),
        ({"errno": 5}, 501),
        ({"errno": None}, 501),
        ({"percent": 50}, 501),
        ({"path": "/data/base/**/*"}, 501),
        ({"containerNames": ["sidecar"]}, 501),
        ({"delay": "100ms"}, 501),
    ],
)
def test_other_shapes_are_refused(database: Workload, changes: dict[str, Any], code: int) -> None:
    with pytest.raises(Refusal) as caught:
        io_chaos.checked({"name": "one"}, spec(**changes), database)
    assert caught.value.code == code


def test_it_is_injected_while_nothing_can_be_written_and_recovered_when_something_can(database: Workload) -> None:
    one, pods = io_chaos.checked({"name": "one"}, spec(), database), [Pod(database, 0, "postgres-0", "n", {})]

    def said(pods: list[Pod], *, writable: bool) -> tuple[str, str]:
        shown = conditions(io_chaos.shown(one, pods, writable=writable))
        return shown["AllInjected"], shown["AllRecovered"]

    assert said(pods, writable=False) == ("True", "False")
    assert said(pods, writable=True) == ("False", "True")
    assert said([], writable=False) == ("False", "False"), "it has selected nobody"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "IOChaos",
        "metadata": {"name": "full"},
        "spec": spec(**changes),
    }


def await_injected(custom: client.CustomObjectsApi) -> None:
    eventually(lambda: conditions(custom.get_namespaced_custom_object(*_OF, "full"))["AllInjected"] == "True")


def is_over(custom: client.CustomObjectsApi) -> bool:
    shown = custom.get_namespaced_custom_object(*_OF, "full")
    return (shown["status"]["experiment"]["desiredPhase"], conditions(shown)["AllRecovered"]) == ("Stop", "True")


def conditions(shown: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in shown["status"]["conditions"]}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeakingLab]:
    """A lab whose databases have volumes of their own."""
    state = tmp_path_factory.mktemp("small")
    options = Options(state=state, tools=False, takeover="perform", kubernetes=True, volume_mb=512)
    yield SpeakingLab(launch.up(options, die_with_caller=True))
    launch.down(state)


@pytest.fixture
def custom(small: SpeakingLab) -> Iterator[client.CustomObjectsApi]:
    yield client.CustomObjectsApi(small.api("gra"))
    small.control.call("kubernetes", site="gra")
    small.control.call("volume", site="gra", state="free")


def writable(small: SpeakingLab, site: str) -> bool:
    return bool(small.control.call("volume", site=site)["writable"])


@pytest.mark.lab
def test_the_volume_of_that_site_is_full_until_it_is_deleted(
    small: SpeakingLab, custom: client.CustomObjectsApi
) -> None:
    made = custom.create_namespaced_custom_object(*_OF, body())
    assert made["status"]["experiment"]["desiredPhase"] == "Run"
    await_injected(custom)
    assert (writable(small, "gra"), writable(small, "fra")) == (False, True)
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, body())).status == 409
    custom.delete_namespaced_custom_object(*_OF, "full")
    eventually(lambda: custom.list_namespaced_custom_object(*_OF)["items"] == [])
    assert writable(small, "gra")


@pytest.mark.lab
@pytest.mark.parametrize("ended", ["its duration", "the lease", "heal"])
def test_it_ends_by_its_duration_with_the_lease_and_when_the_site_is_healed(
    small: SpeakingLab, custom: client.CustomObjectsApi, ended: str
) -> None:
    custom.create_namespaced_custom_object(*_OF, body(duration="3s" if ended == "its duration" else "15m"))
    if ended == "its duration":
        eventually(lambda: is_over(custom))
    else:
        await_injected(custom)
        small.control.call("heal" if ended == "heal" else "kubernetes", site="gra")
        assert custom.list_namespaced_custom_object(*_OF)["items"] == []
    assert eventually(lambda: writable(small, "gra"))


@pytest.mark.lab
def test_a_volume_that_somebody_else_has_filled_stays_full(small: SpeakingLab, custom: client.CustomObjectsApi) -> None:
    small.control.call("volume", site="gra", state="full")
    small.control.call("kubernetes", site="gra")
    custom.list_namespaced_custom_object(*_OF)
    assert not writable(small, "gra")


@pytest.mark.lab
def test_where_databases_stand_on_the_machine_s_own_disk_it_is_refused(speaking: SpeakingLab) -> None:
    custom = client.CustomObjectsApi(speaking.api("gra"))
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, body())).status == 501
    assert custom.list_namespaced_custom_object(*_OF)["items"] == []
