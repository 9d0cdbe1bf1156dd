"""TimeChaos as the lab has it: which shapes are refused, and a clock that is ahead for as long as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from lab.kubernetes import workloads
from lab.kubernetes.objects import time_chaos
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.wanted import Pod, Wanted
from lab.kubernetes.workloads import Workload
from lab.model import Options
from lab.services.vitals import Deployment
from targets.lab_control import LabRefused
from tests.lab.kubernetes.speaking import SpeakingLab, eventually, needs_kubectl, refused

_OF = ("chaos-mesh.org", "v1alpha1", "vitals", "timechaos")


def spec(**changes: Any) -> dict[str, Any]:
    selector = {"namespaces": ["vitals"], "labelSelectors": {"app": "vitals"}}
    whole = {"mode": "all", "selector": selector, "timeOffset": "1m30s", **changes}
    return {key: value for key, value in whole.items() if value is not None}


@pytest.fixture
def product(tmp_path: Path) -> Workload:
    return next(each for each in workloads.workloads(Options(state=tmp_path), "fra") if each.is_product)


def test_what_is_asked_for_is_kept(product: Workload) -> None:
    whole = spec(duration="15m", containerNames=["vitals"], clockIds=["CLOCK_REALTIME"])
    one = time_chaos.checked({"name": "one"}, whole, product)
    assert (one.offset_s, one.duration_s, one.spec) == (90, 900, whole)
    assert time_chaos.checked({"name": "one"}, spec(), product).duration_s is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"timeOffset": None}, 422),
        ({"timeOffset": "soon"}, 422),
        ({"timeOffset": "0s"}, 422),
        ({"timeOffset": "2h"}, 422),
        ({"duration": "-1s"}, 422),
        ({"duration": ""}, 422),
        ({"mode": "one"}, 501),
        ({"selector": {"namespaces": ["vitals"]}}, 501),
        ({"selector": None}, 501),
        ({"clockIds": ["CLOCK_MONOTONIC"]}, 501),
        ({"containerNames": ["sidecar"]}, 501),
        ({"remoteCluster": "other"}, 501),
    ],
)
def test_other_shapes_are_refused(product: Workload, changes: dict[str, Any], code: int) -> None:
    with pytest.raises(Refusal) as caught:
        time_chaos.checked({"name": "one"}, spec(**changes), product)
    assert caught.value.code == code


def test_between_two_pods_nothing_is_injected_and_nothing_recovered(tmp_path: Path) -> None:
    wanted = Wanted("fra", workloads.workloads(Options(state=tmp_path), "fra"))
    product = next(each for each in wanted.workloads if each.is_product)
    one = time_chaos.checked({"name": "one"}, spec(), product)

    def said(*clocks: float, pid: int | None = 7) -> dict[str, str]:
        pods = [
            Pod(product, number, "vitals-x", "n", {}, Deployment(clock_s=each), pid=pid)
            for number, each in enumerate(clocks)
        ]
        return {name: conditions(time_chaos.shown(one, pods, 2))[name] for name in ("AllInjected", "AllRecovered")}

    def is_so(*, injected: bool, recovered: bool) -> dict[str, str]:
        return {"AllInjected": str(injected), "AllRecovered": str(recovered)}

    assert said(90, 90) == is_so(injected=True, recovered=False)
    assert said(90, 0) == is_so(injected=False, recovered=False)
    assert said(0, 0) == is_so(injected=False, recovered=True)
    for between in (said(90), said(0), said(), said(90, 90, pid=None), said(0, 0, pid=None)):
        assert between == is_so(injected=False, recovered=False)


def body(**changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "TimeChaos",
        "metadata": {"name": "ahead"},
        "spec": spec(**changes),
    }


@pytest.fixture
def custom(speaking: SpeakingLab) -> Iterator[client.CustomObjectsApi]:
    yield client.CustomObjectsApi(speaking.api("gra"))
    speaking.control.call("kubernetes", site="gra")
    eventually(lambda: (seen := clocks(speaking)) and all(abs(each) < 5 for each in seen))


def clocks(speaking: SpeakingLab) -> list[float]:
    """How far each server's clock is ahead; none of them while one is being started."""
    try:
        return [each["clock_s"] for each in speaking.control.call("servers", site="gra")["servers"]]
    except LabRefused:
        return []


def conditions(shown: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in shown["status"]["conditions"]}


def gone(custom: client.CustomObjectsApi) -> bool:
    return custom.list_namespaced_custom_object(*_OF)["items"] == []


@pytest.mark.lab
def test_a_clock_is_ahead_until_it_is_deleted(speaking: SpeakingLab, custom: client.CustomObjectsApi) -> None:
    assert "timechaos" in {each.name for each in custom.get_api_resources("chaos-mesh.org", "v1alpha1").resources}
    made = custom.create_namespaced_custom_object(*_OF, body())
    assert made["status"]["experiment"]["desiredPhase"] == "Run"
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, body())).status == 409
    eventually(lambda: conditions(custom.get_namespaced_custom_object(*_OF, "ahead"))["AllInjected"] == "True")
    assert [80 < each < 100 for each in clocks(speaking)] == [True, True]
    shown = custom.get_namespaced_custom_object(*_OF, "ahead")
    assert conditions(shown)["AllRecovered"] == "False"
    assert {each["phase"] for each in shown["status"]["experiment"]["containerRecords"]} == {"Injected"}
    custom.delete_namespaced_custom_object(*_OF, "ahead")
    shown = custom.get_namespaced_custom_object(*_OF, "ahead")
    assert (shown["status"]["experiment"]["desiredPhase"], "deletionTimestamp" in shown["metadata"]) == ("Stop", True)
    eventually(lambda: gone(custom))
    assert [abs(each) < 5 for each in clocks(speaking)] == [True, True], "gone means recovered"
    assert refused(lambda: custom.delete_namespaced_custom_object(*_OF, "ahead")).status == 404


@pytest.mark.lab
def test_it_ends_by_itself_after_its_duration(speaking: SpeakingLab, custom: client.CustomObjectsApi) -> None:
    custom.create_namespaced_custom_object(*_OF, body(duration="8s"))
    eventually(lambda: conditions(custom.get_namespaced_custom_object(*_OF, "ahead"))["AllInjected"] == "True")
    eventually(lambda: conditions(custom.get_namespaced_custom_object(*_OF, "ahead"))["AllRecovered"] == "True")
    assert [abs(each) < 5 for each in clocks(speaking)] == [True, True]
    assert custom.get_namespaced_custom_object(*_OF, "ahead")["status"]["experiment"]["desiredPhase"] == "Stop"
    custom.delete_namespaced_custom_object(*_OF, "ahead")
    assert gone(custom)


@pytest.mark.lab
@needs_kubectl
def test_kubectl_lists_it_and_who_only_looks_may_not_make_one(
    speaking: SpeakingLab, custom: client.CustomObjectsApi
) -> None:
    reader = client.CustomObjectsApi(speaking.api("gra-read-only"))
    assert refused(lambda: reader.create_namespaced_custom_object(*_OF, body())).status == 403
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, body(mode="one"))).status == 501
    assert refused(lambda: custom.list_namespaced_custom_object(*_OF[:3], "podchaos")).status == 404
    custom.create_namespaced_custom_object(*_OF, body())
    assert "ahead" in speaking.kubectl("get", "timechaos", context="gra")
