"""Other people's policies are set aside and come back to the letter, whoever is interrupted wherever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from chaos import faults
from chaos.context import Context
from chaos.drivers.kubernetes.cluster import ClusterRefused
from chaos.drivers.kubernetes.driver import DENY_ALL, KubernetesDriver
from chaos.drivers.kubernetes.isolation import MANIFESTS, STORE, Isolation
from chaos.faults import NoReceipt
from chaos.guards import Guards
from chaos.observer import Observer
from chaos.people import People
from results.clock import Clock
from results.plan import Fault, Plan
from results.timeline import TimelineWriter
from tests.chaos.drivers.kubernetes.driven import driver, serves
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab

_BOTH = ["Ingress", "Egress"]
_NOTHING_PASSES = {"podSelector": {}, "policyTypes": _BOTH}
_THEIRS: list[dict[str, Any]] = [
    {
        "metadata": {
            "name": "everything-for-now",
            "labels": {"team": "platform", "ticket": "4711"},
            "annotations": {
                "why": 'said "for now" in 2019\n',
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
            },
        },
        "spec": {"podSelector": {}, "policyTypes": _BOTH, "ingress": [{}], "egress": [{}]},
    },
    {
        "metadata": {"name": "for-a-pod-of-next-year"},
        "spec": {
            "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["cache"]}]},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
        },
    },
    {
        "metadata": {"name": "default-deny"},
        "spec": {"podSelector": {"matchLabels": {"app": "x"}}, "policyTypes": _BOTH},
    },
]


class Interrupted(RuntimeError):
    """The machine of the drill has died."""


class Dying:
    """An API of which the n-th change is never asked for, nor anything after it."""

    def __init__(self, api: Any, changes: int) -> None:
        self._api, self.left = api, changes

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._api, name)
        if name.startswith("list"):
            return called

        def change(*arguments: Any, **more: Any) -> Any:
            if self.left == 0:
                raise Interrupted
            self.left -= 1
            return called(*arguments, **more)

        return change


def policies(own: RunningLab, site: str = "gra", *, ours: bool = False) -> dict[str, dict[str, Any]]:
    """By name, without what the server adds."""
    api = client.NetworkingV1Api(driver(own).cluster(site).api)
    shown = api.list_namespaced_network_policy("vitals").items
    plain = [api.api_client.sanitize_for_serialization(each) for each in shown]
    kept = ("name", "labels", "annotations")
    return {
        each["metadata"]["name"]: {
            "metadata": {key: each["metadata"][key] for key in kept if key in each["metadata"]},
            "spec": each["spec"],
        }
        for each in plain
        if ours or not each["metadata"]["name"].startswith("zweitherz-")
    }


def linked(own: RunningLab, site: str = "gra") -> bool:
    return bool(own.control.call("status")["sites"][site]["linked"])


def isolation(own: RunningLab, changes: int | None = None, site: str = "gra") -> Isolation:
    """As another machine has it each time; one that dies before its change number `changes`."""
    (made,) = driver(own).isolations(site)
    if changes is not None:
        made._api = Dying(made._api, changes)  # type: ignore[assignment]
    return made


@pytest.fixture(name="theirs", params=["gra"])
def _theirs(own: RunningLab, request: pytest.FixtureRequest) -> Iterator[dict[str, dict[str, Any]]]:
    """Somebody's policies at a site: one allows everything, one something to nobody, one denies."""
    networking = client.NetworkingV1Api(driver(own).cluster(request.param).api)
    for each in _THEIRS:
        networking.create_namespaced_network_policy("vitals", each)
    yield {each["metadata"]["name"]: each for each in _THEIRS}
    for name in policies(own, request.param, ours=True):
        networking.delete_namespaced_network_policy(name, "vitals")
    assert linked(own, request.param)


def test_what_others_allow_is_set_aside_and_comes_back_to_the_letter(own: RunningLab, theirs: dict[str, Any]) -> None:
    assert policies(own) == theirs
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    assert not linked(own)
    assert set(policies(own)) == {"default-deny"}
    assert isolation(own).set_aside() == ["everything-for-now", "for-a-pod-of-next-year"]
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    assert isolation(own).set_aside() == ["everything-for-now", "for-a-pod-of-next-year"], "twice does no harm"
    for _ in range(2):
        isolation(own).reopen(DENY_ALL)
        assert policies(own, ours=True) == theirs
        assert linked(own)


def died(act: Callable[[Isolation], None], own: RunningLab, changes: int) -> bool:
    """Whether it died before that change; else it had all been done by then."""
    try:
        act(isolation(own, changes))
    except Interrupted:
        return True
    return False


def isolate(it: Isolation) -> None:
    it.isolate(DENY_ALL, _NOTHING_PASSES)


def reopen(it: Isolation) -> None:
    it.reopen(DENY_ALL)


def test_whoever_is_interrupted_while_setting_aside_can_go_back_or_go_on(
    own: RunningLab, theirs: dict[str, Any]
) -> None:
    changes = 0
    while died(isolate, own, changes):
        isolation(own).reopen(DENY_ALL)
        assert policies(own, ours=True) == theirs, f"back, after change {changes}"
        assert died(isolate, own, changes)
        isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
        assert not linked(own), f"on, after change {changes}"
        isolation(own).reopen(DENY_ALL)
        assert policies(own, ours=True) == theirs
        changes += 1
    assert changes == 5, "store, write on it, deny, delete, delete"
    isolation(own).reopen(DENY_ALL)


def test_whoever_is_interrupted_while_putting_back_can_do_it_again(own: RunningLab, theirs: dict[str, Any]) -> None:
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    changes = 0
    while died(reopen, own, changes):
        isolation(own).reopen(DENY_ALL)
        assert policies(own, ours=True) == theirs, f"after change {changes}"
        isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
        changes += 1
    assert changes == 4, "create, create, delete ours, delete the store"
    assert policies(own, ours=True) == theirs


@pytest.mark.usefixtures("theirs")
def test_a_lab_that_mends_itself_takes_nobody_s_policy_with_it(own: RunningLab) -> None:
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    own.control.call("kubernetes", site="gra")
    assert linked(own)
    assert set(policies(own, ours=True)) == {"default-deny", STORE}
    isolation(own).reopen(DENY_ALL)
    assert set(policies(own, ours=True)) == {each["metadata"]["name"] for each in _THEIRS}


@pytest.mark.usefixtures("theirs")
def test_whoever_creates_his_policy_again_meanwhile_keeps_his_newer_word(own: RunningLab) -> None:
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    newer = {
        "metadata": {"name": "everything-for-now"},
        "spec": {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]},
    }
    client.NetworkingV1Api(driver(own).cluster("gra").api).create_namespaced_network_policy("vitals", newer)
    isolation(own).reopen(DENY_ALL)
    assert policies(own)["everything-for-now"] == newer


def test_a_policy_that_comes_back_at_once_is_said_by_name(own: RunningLab, theirs: dict[str, Any]) -> None:
    """As where an operator reconciles it."""
    it = isolation(own)
    real = it._delete

    def reconciled(name: str) -> None:
        real(name)
        if name in theirs:
            it._create(theirs[name])

    it._delete = reconciled  # type: ignore[method-assign]
    with pytest.raises(
        ClusterRefused, match=r"context gra: vitals: .*there again \(everything-for-now, .*\) after 10 s"
    ):
        it.isolate(DENY_ALL, _NOTHING_PASSES)
    isolation(own).reopen(DENY_ALL)
    assert policies(own, ours=True) == theirs


@pytest.mark.usefixtures("theirs")
def test_what_somebody_wrote_over_the_stored_manifests_is_refused_and_nothing_is_deleted(own: RunningLab) -> None:
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    networking = client.NetworkingV1Api(driver(own).cluster("gra").api)
    before = policies(own, ours=True)[STORE]["metadata"]["annotations"]
    networking.patch_namespaced_network_policy(STORE, "vitals", {"metadata": {"annotations": {MANIFESTS: "{"}}})
    with pytest.raises(ClusterRefused, match=f"{STORE}: somebody has changed {MANIFESTS}"):
        isolation(own).reopen(DENY_ALL)
    assert not linked(own)
    networking.patch_namespaced_network_policy(STORE, "vitals", {"metadata": {"annotations": before}})
    isolation(own).reopen(DENY_ALL)
    assert linked(own)


@pytest.mark.usefixtures("theirs")
def test_two_policies_of_ours_are_refused(own: RunningLab) -> None:
    isolation(own).isolate(DENY_ALL, _NOTHING_PASSES)
    with pytest.raises(ClusterRefused, match=f"{DENY_ALL} holds there already, for something else"):
        isolation(own).isolate("zweitherz-other", _NOTHING_PASSES)
    isolation(own).reopen("zweitherz-other")
    assert isolation(own).set_aside(), "what is set aside for one is not put back for another"
    isolation(own).reopen(DENY_ALL)


@pytest.fixture(name="context")
def _context(own: RunningLab, tmp_path: Path) -> Iterator[Context]:
    """With a witness of its own, outside both sites."""
    clock, plan = Clock.anchored_now(), Plan(drill="x")
    run = tmp_path / "results/runs/x"
    run.mkdir(parents=True)
    observer = Observer(run, own.target, own.folder / "target.yaml", clock)
    with TimelineWriter(run, "chaos", clock) as timeline:
        guards, people = Guards(run, plan.guards, clock, timeline), People([], run, clock, print)
        assert eventually(lambda: observer.sees("fra"))
        yield Context(run, plan, own.target, clock, timeline, guards, observer, driver(own), print, people)  # type: ignore[arg-type]
    observer.end()


@pytest.mark.parametrize("theirs", ["fra"], indirect=True)
def test_a_cut_in_which_somebody_s_policy_stays_in_force_has_no_receipt(
    own: RunningLab, theirs: dict[str, Any], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known-bad driver: every order is carried out, the policy is there, and patients get in all the while."""
    kind, fault = faults.fault("site-cut"), Fault(name="site-cut", site="fra")

    def believing(self: Isolation, name: str, spec: dict[str, Any]) -> None:
        self._create({"metadata": {"name": name}, "spec": spec})

    context.t_command = context.clock.now_ns()
    with monkeypatch.context() as bad:
        bad.setattr(Isolation, "isolate", believing)
        kind.inject(context, fault)
    assert isolation(own, site="fra").holds(DENY_ALL)
    with pytest.raises(NoReceipt, match="the witness still reaches it"):
        kind.receipt(context, fault)
    assert serves(own, "fra")
    kind.undo(context.driver, kind.owed(fault))

    context.t_command = context.clock.now_ns()
    assert isinstance(context.driver, KubernetesDriver)
    kind.inject(context, fault)
    assert kind.receipt(context, fault) > 0
    kind.undo(context.driver, kind.owed(fault))
    kind.lifted(context, kind.owed(fault))
    assert policies(own, "fra", ours=True) == theirs
    assert eventually(lambda: serves(own, "fra"), 60)
