"""NetworkChaos as the lab has it: which shapes are refused, and a private link that is slow or lossy for as long as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from lab.kubernetes import workloads
from lab.kubernetes.objects import network_chaos
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.wanted import Pod
from lab.model import Options
from lab.provider import SOUND, Impaired
from tests.lab.kubernetes.speaking import SpeakingLab, eventually, refused

_OF = ("chaos-mesh.org", "v1alpha1", "vitals", "networkchaos")
_FRA = "10.77.0.1"


def spec(**changes: Any) -> dict[str, Any]:
    whole = {
        "action": "delay",
        "mode": "all",
        "selector": {"namespaces": ["vitals"]},
        "direction": "to",
        "externalTargets": [f"{_FRA}/32"],
        "delay": {"latency": "150ms"},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"direction": None},
        {"externalTargets": [_FRA]},
        {"delay": {"latency": "0.15s", "jitter": "0ms", "correlation": "0"}},
    ],
)
def test_what_is_asked_for_is_kept(changes: dict[str, Any]) -> None:
    one = network_chaos.checked({"name": "one"}, spec(duration="15m", **changes), _FRA)
    assert one.impaired == (pytest.approx(150), 0)
    assert (one.duration_s, one.spec) == (900, spec(duration="15m", **changes))
    assert network_chaos.checked({"name": "one"}, spec(), _FRA).duration_s is None


def lossy(**loss: Any) -> dict[str, Any]:
    return {"action": "loss", "delay": None, "loss": loss}


def test_a_loss_is_a_share_of_all_packets() -> None:
    for loss in ({"loss": "2.5"}, {"loss": "2.5", "correlation": "0"}):
        assert network_chaos.checked({"name": "one"}, spec(**lossy(**loss)), _FRA).impaired == (0, pytest.approx(0.025))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": None}, 422),
        (lossy(), 422),
        (lossy(loss="0"), 422),
        (lossy(loss="101"), 422),
        (lossy(loss="nan"), 422),
        (lossy(loss="a few"), 422),
        (lossy(loss=2.5), 422),
        (lossy(loss="2.5", correlation="25"), 501),
        ({"loss": {"loss": "2.5"}}, 501),
        ({"delay": None}, 422),
        ({"delay": {"jitter": "0ms"}}, 422),
        ({"delay": {"latency": "150"}}, 422),
        ({"delay": {"latency": "0ms"}}, 422),
        ({"delay": {"latency": "-1ms"}}, 422),
        ({"delay": {"latency": "3s"}}, 422),
        ({"duration": "0s"}, 422),
        ({"delay": {"latency": "150ms", "jitter": "10ms"}}, 501),
        ({"delay": {"latency": "150ms", "reorder": {"reorder": "10", "gap": 1}}}, 501),
        ({"action": "partition"}, 501),
        ({"action": "bandwidth"}, 501),
        ({"mode": "one"}, 501),
        ({"selector": {"namespaces": ["vitals"], "labelSelectors": {"app": "vitals"}}}, 501),
        ({"selector": {"namespaces": ["tools"]}}, 501),
        ({"selector": None}, 501),
        ({"direction": "both"}, 501),
        ({"externalTargets": None}, 501),
        ({"externalTargets": ["10.77.0.0/24"]}, 501),
        ({"externalTargets": [f"{_FRA}/32", "10.1.0.0/24"]}, 501),
        ({"externalTargets": ["fra.heart.test"]}, 501),
        ({"target": {"mode": "all", "selector": {}}}, 501),
        ({"device": "eth0"}, 501),
    ],
)
def test_other_shapes_are_refused(changes: dict[str, Any], code: int) -> None:
    with pytest.raises(Refusal) as caught:
        network_chaos.checked({"name": "one"}, spec(**changes), _FRA)
    assert caught.value.code == code


def test_it_is_injected_while_the_link_is_so_slow_and_recovered_when_it_is_not(tmp_path: Path) -> None:
    product = next(each for each in workloads.workloads(Options(state=tmp_path), "gra") if each.is_product)
    pods = [Pod(product, 0, "vitals-x", "n", {})]
    one = network_chaos.checked({"name": "one"}, spec(), _FRA)

    def said(now: Impaired, pods: list[Pod]) -> tuple[str, str]:
        shown = conditions(network_chaos.shown(one, pods, now))
        return shown["AllInjected"], shown["AllRecovered"]

    assert said(one.impaired, pods) == ("True", "False")
    assert said(Impaired(more_ms=7), pods) == ("False", "False"), "another delay than this one's"
    assert said(SOUND, pods) == ("False", "True")
    assert said(one.impaired, []) == ("False", "False"), "it has selected nobody"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "NetworkChaos",
        "metadata": {"name": "slow"},
        "spec": spec(**changes),
    }


def await_injected(custom: client.CustomObjectsApi) -> None:
    eventually(lambda: conditions(custom.get_namespaced_custom_object(*_OF, "slow"))["AllInjected"] == "True")


def is_over(custom: client.CustomObjectsApi) -> bool:
    shown = custom.get_namespaced_custom_object(*_OF, "slow")
    return (shown["status"]["experiment"]["desiredPhase"], conditions(shown)["AllRecovered"]) == ("Stop", "True")


def conditions(shown: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in shown["status"]["conditions"]}


@pytest.fixture
def custom(speaking: SpeakingLab) -> Iterator[client.CustomObjectsApi]:
    yield client.CustomObjectsApi(speaking.api("gra"))
    speaking.control.call("kubernetes", site="gra")


@pytest.fixture
def trip(speaking: SpeakingLab) -> Callable[[], float]:
    """Of a round trip, in milliseconds."""
    return lambda: float(speaking.control.call("round-trip")["round_trip_ms"])


@pytest.mark.lab
def test_what_leaves_the_site_is_late_until_it_is_deleted(
    custom: client.CustomObjectsApi, trip: Callable[[], float]
) -> None:
    usual = trip()
    made = custom.create_namespaced_custom_object(*_OF, body())
    assert made["status"]["experiment"]["desiredPhase"] == "Run"
    await_injected(custom)
    # one way: the other site's packets are not late. A delay of both ways would take 300 ms more
    assert 0.8 * 150 < trip() - usual < 300
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, body())).status == 409
    second = {**body(), "metadata": {"name": "second"}}
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, second)).status == 501
    custom.delete_namespaced_custom_object(*_OF, "slow")
    eventually(lambda: custom.list_namespaced_custom_object(*_OF)["items"] == [])
    assert eventually(lambda: trip() - usual < 100)
    assert refused(lambda: custom.delete_namespaced_custom_object(*_OF, "slow")).status == 404


@pytest.mark.lab
def test_what_the_provider_does_to_the_link_adds_to_it(
    speaking: SpeakingLab, custom: client.CustomObjectsApi, trip: Callable[[], float]
) -> None:
    usual = trip()
    custom.create_namespaced_custom_object(*_OF, body())
    await_injected(custom)
    speaking.control.call("link", state="slow", more_ms=150)
    assert trip() - usual > 0.8 * 450
    speaking.control.call("link", state="up")
    assert trip() - usual > 0.8 * 150, "the chaos is somebody else's"


@pytest.mark.lab
@pytest.mark.parametrize("ended", ["its duration", "the lease", "heal"])
def test_it_ends_by_its_duration_with_the_lease_and_when_the_site_is_healed(
    speaking: SpeakingLab, custom: client.CustomObjectsApi, trip: Callable[[], float], ended: str
) -> None:
    usual = trip()
    custom.create_namespaced_custom_object(*_OF, body(duration="3s" if ended == "its duration" else "15m"))
    if ended == "its duration":
        eventually(lambda: is_over(custom))
    else:
        await_injected(custom)
        speaking.control.call("heal" if ended == "heal" else "kubernetes", site="gra")
        assert custom.list_namespaced_custom_object(*_OF)["items"] == []
    assert eventually(lambda: trip() - usual < 100)


@pytest.mark.lab
@pytest.mark.usefixtures("healed_afterwards")
def test_a_share_of_what_leaves_the_site_is_lost(speaking: SpeakingLab, custom: client.CustomObjectsApi) -> None:
    def lost() -> float:
        return float(speaking.control.call("lost", rounds=400)["share"])

    assert lost() < 0.05
    custom.create_namespaced_custom_object(*_OF, body(**lossy(loss="20")))
    await_injected(custom)
    # one way: 80 of 400. Both ways would be 144; either bound is passed by chance once in 10^5
    assert 0.1 < lost() < 0.3
    speaking.control.call("link", state="lossy", loss=0.5)
    # what the provider loses adds to it: 1 - 0.5^2 * 0.8 = 80 %
    assert lost() > 0.65
    speaking.control.call("link", state="up")
    custom.delete_namespaced_custom_object(*_OF, "slow")
    eventually(lambda: custom.list_namespaced_custom_object(*_OF)["items"] == [])
    assert lost() < 0.05


@pytest.mark.lab
def test_who_only_looks_may_not_make_one(speaking: SpeakingLab, custom: client.CustomObjectsApi) -> None:
    reader = client.CustomObjectsApi(speaking.api("gra-read-only"))
    assert refused(lambda: reader.create_namespaced_custom_object(*_OF, body())).status == 403
    assert reader.list_namespaced_custom_object(*_OF)["items"] == []
    assert refused(lambda: custom.create_namespaced_custom_object(*_OF, body(direction="from"))).status == 501
