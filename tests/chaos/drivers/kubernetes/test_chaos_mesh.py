"""Objects of Chaos Mesh where it is not installed, selects nobody, or does not do what it says; and what doctor says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.drivers.kubernetes import chaos_mesh
from chaos.drivers.kubernetes.chaos_mesh import IO, NETWORK, TIME, Chaos
from chaos.drivers.kubernetes.cluster import ClusterRefused, Found
from drill.examining import examine_target
from targets.kubernetes import Kubernetes
from tests.chaos.drivers.kubernetes.meshed import Meshed
from tests.lab.running import RunningLab
from tests.targets.test_kubernetes import section

SPEC = {"mode": "all", "delay": {"latency": "20ms"}, "duration": "900s"}


def chaos(own: Meshed) -> Chaos:
    return Chaos(own.cluster, NETWORK, "vitals", "ours")


def test_it_is_there_until_it_is_ended_and_twice_is_once() -> None:
    own = Meshed()
    chaos(own).begin(SPEC)
    chaos(own).begin(SPEC)
    made = own.made["vitals", "networkchaos"]
    assert (made["apiVersion"], made["kind"]) == ("chaos-mesh.org/v1alpha1", "NetworkChaos")
    assert (made["metadata"], own.specs) == ({"name": "ours", "namespace": "vitals"}, [SPEC])
    chaos(own).end()
    chaos(own).end()
    assert own.made == {}


def test_what_chaos_mesh_adds_is_no_other_chaos_and_what_differs_is() -> None:
    own = Meshed()
    chaos(own).begin(SPEC)
    own.made["vitals", "networkchaos"]["spec"] = {
        **SPEC,
        "direction": "to",
        "delay": {"latency": "20ms", "jitter": "0ms"},
    }
    chaos(own).begin(SPEC)
    with pytest.raises(
        ClusterRefused, match=r"^context gra: NetworkChaos vitals/ours is there, and says something else"
    ):
        chaos(own).begin({**SPEC, "delay": {"latency": "30ms"}})
    assert own.specs == [SPEC]


@pytest.mark.parametrize("kinds", [(), ("podchaos", "timechaos")])
def test_without_that_kind_nothing_is_made(kinds: tuple[str, ...]) -> None:
    own = Meshed(kinds=kinds)
    with pytest.raises(ClusterRefused, match=r"^context gra: NetworkChaos of Chaos Mesh is not installed$"):
        chaos(own).begin(SPEC)
    assert own.made == {}


def test_what_is_not_injected_or_not_let_go_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos_mesh, "_SEEN_WITHIN_S", 0.3)
    with pytest.raises(ClusterRefused, match=r"NetworkChaos vitals/ours: Chaos Mesh says AllInjected False after"):
        chaos(Meshed(injects=False)).begin(SPEC)
    own = Meshed(lets_go=False)
    chaos(own).begin(SPEC)
    with pytest.raises(ClusterRefused, match="Chaos Mesh says"):
        chaos(own).end()


def test_nobody_and_too_many_are_refused() -> None:
    chaos_mesh.resolve(Meshed(pods=2).cluster, "vitals", "app=vitals", most=2)
    with pytest.raises(
        ClusterRefused, match=r"^context gra: pods of vitals with app=vitals: none runs, chaos would have no"
    ):
        chaos_mesh.resolve(Meshed(pods=0).cluster, "vitals", "app=vitals", most=2)
    with pytest.raises(ClusterRefused, match=r"^context gra: pods of vitals: 3 \(limit 2\)$"):
        chaos_mesh.resolve(Meshed(pods=3).cluster, "vitals", "", most=2)


def test_a_workload_that_selects_by_no_labels_would_have_chaos_everywhere() -> None:
    own, found = Meshed().cluster, Found("StatefulSet", "vitals", "db", 1, 1, "app=db,tier=back", None)
    labels = {"app": "db", "tier": "back"}
    assert chaos_mesh.selector(own, found) == {"namespaces": ["vitals"], "labelSelectors": labels}
    with pytest.raises(ClusterRefused, match="StatefulSet vitals/db selects its pods by no labels"):
        chaos_mesh.selector(own, replace(found, selector=""))


@pytest.mark.parametrize(
    ("number", "text"), [(900, "900"), (1_000_000, "1000000"), (0.5, "0.5"), (20.0, "20"), (1 / 3, "0.333")]
)
def test_numbers_have_no_exponent(number: float, text: str) -> None:
    assert chaos_mesh.plain(number) == text


def test_only_kinds_that_a_target_needs_are_asked_for() -> None:
    def kinds(**changes: object) -> set[str]:
        return set(chaos_mesh.kinds(Kubernetes.model_validate(section(**changes))).values())

    link = {"fra": ["10.1.0.0/24"], "gra": ["10.2.0.0/24"]}
    assert kinds(private_link=link) == set()
    assert kinds(chaos_mesh={}) == {TIME}
    assert kinds(chaos_mesh={}, private_link=link) == {TIME, NETWORK}
    assert kinds(chaos_mesh={"volume_path": "/data"}) == {TIME, IO}


@pytest.mark.lab
def test_doctor_asks_discovery_for_each_kind(own: RunningLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def remarks() -> dict[str, tuple[str, str]]:
        return {each.subject: (each.level, each.found) for each in examine_target(own.target)}

    now = remarks()
    assert "Chaos Mesh fra" not in now
    assert (now["fault clock-ahead"][0], now["fault private-link"][0]) == ("ok", "ok")
    monkeypatch.setattr(chaos_mesh, "NETWORK", "WireChaos")  # a kind that this cluster does not have
    now = remarks()
    assert now["Chaos Mesh fra"] == ("missing", "not installed in context fra: WireChaos")
    assert now["fault clock-ahead"][0] == "ok"
    why = "can be done as down, one-way only: fra: WireChaos is not installed; gra: WireChaos is not installed"
    assert now["fault private-link"] == ("limited", why)
