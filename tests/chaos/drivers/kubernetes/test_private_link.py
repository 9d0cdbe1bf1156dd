"""The private link is cut by policies, at either site or in one direction; patients reach both sites all the while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from chaos.drivers.commands import CommandDriver
from chaos.drivers.kubernetes import private_link
from chaos.drivers.kubernetes.driver import KubernetesDriver
from targets.kubernetes import Commands, Kubernetes
from tests.chaos.drivers.kubernetes.driven import driver, serves
from tests.lab.running import RunningLab, eventually
from tests.targets.test_kubernetes import section

_FRA, _GRA = ["10.1.0.0/24"], ["10.2.0.0/24", "fd00:2::/64"]
_ALL: list[dict[str, Any]] = [{}]
_BUT_FRA = {"ipBlock": {"cidr": "0.0.0.0/0", "except": _FRA}}
_BUT_GRA = [
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.2.0.0/24"]}},
    {"ipBlock": {"cidr": "::/0", "except": ["fd00:2::/64"]}},
]


def test_both_sites_talk_to_everybody_but_each_other() -> None:
    fra, gra = private_link.cut(_FRA, _GRA, one_way=False)
    assert (fra["ingress"], fra["egress"]) == ([{"from": _BUT_GRA}], [{"to": _BUT_GRA}])
    assert (gra["ingress"], gra["egress"]) == ([{"from": [_BUT_FRA]}], [{"to": [_BUT_FRA]}])
    assert all((each["podSelector"], each["policyTypes"]) == ({}, ["Ingress", "Egress"]) for each in (fra, gra))


def test_one_way_what_the_first_site_begins_goes_on() -> None:
    fra, gra = private_link.cut(_FRA, _GRA, one_way=True)
    assert (fra["ingress"], fra["egress"]) == ([{"from": _BUT_GRA}], _ALL)
    assert (gra["ingress"], gra["egress"]) == (_ALL, [{"to": [_BUT_FRA]}])


def clusters(**changes: Any) -> KubernetesDriver:
    own = Kubernetes.model_validate(section(**changes))
    return KubernetesDriver(own, CommandDriver("t", own.commands))


def test_what_is_missing_for_it_is_said_by_name() -> None:
    link = {"fra": ["10.1.0.0/24"], "gra": ["10.2.0.0/24"]}
    assert clusters().lacks("set_private_link") == "kubernetes.private_link is not given"
    assert clusters(private_link=link).lacks("set_private_link") == ""
    no_mesh = "a policy delays nothing, and kubernetes.chaos_mesh is not given"
    assert clusters(private_link=link).lacks("slow_private_link") == no_mesh
    assert clusters(chaos_mesh={}).lacks("slow_private_link") == "kubernetes.private_link is not given"
    assert clusters().lacks("slow_private_link") == f"kubernetes.private_link is not given; {no_mesh}"
    for operation in ("slow_private_link", "lossy_private_link"):
        assert clusters(private_link=link, chaos_mesh={}).lacks(operation) == ""
    lossy = clusters(private_link=link).lacks("lossy_private_link")
    assert lossy == "a policy loses nothing, and kubernetes.chaos_mesh is not given"
    assert clusters().lacks("private_loss") == "kubernetes.commands.private_loss is not given"
    assert clusters().lacks("private_round_trip_ms") == "kubernetes.commands.private_round_trip is not given"
    assert clusters().lacks("mend_private_link") == "kubernetes.commands.mirrored is not given"
    mirrored = {"mirrored": ["m"]}
    assert clusters(commands=mirrored).lacks("mend_private_link") == "kubernetes.commands.rejoin is not given"


@pytest.mark.parametrize(("said", "trip"), [("4.25", 4.25), ("", None)])
def test_a_command_measures_the_round_trip(said: str, trip: float | None) -> None:
    assert CommandDriver("t", Commands(private_round_trip=["echo", said])).private_round_trip_ms() == trip


def test_a_command_that_prints_something_else_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"private_round_trip: printed no milliseconds \('about 4'\)"):
        CommandDriver("t", Commands(private_round_trip=["echo", "about 4"])).private_round_trip_ms()


@pytest.mark.parametrize(("said", "share"), [("0", 0), ("0.04", 0.04), ("1", 1)])
def test_a_command_measures_the_loss(said: str, share: float) -> None:
    assert CommandDriver("t", Commands(private_loss=["echo", said])).private_loss(10) == share


def test_it_is_told_how_many_round_trips() -> None:
    assert CommandDriver("t", Commands(private_loss=["echo", "0.{rounds}"])).private_loss(25) == 0.25


@pytest.mark.parametrize("said", ["", "4%", "4", "-0.1", "nan"])
def test_a_command_that_prints_no_share_is_refused(said: str) -> None:
    with pytest.raises(RuntimeError, match=r"private_loss: printed no share from 0 to 1"):
        CommandDriver("t", Commands(private_loss=["echo", said])).private_loss(10)


def shown(own: RunningLab) -> str:
    return str(own.control.call("status")["links"]["private"])


@pytest.fixture(name="allowed")
def _allowed(own: RunningLab) -> Iterator[None]:
    """Somebody's policy at fra allows everything: it would keep the link open."""
    networking = client.NetworkingV1Api(driver(own).cluster("fra").api)
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    networking.create_namespaced_network_policy("vitals", {"metadata": {"name": "everything"}, "spec": spec})
    yield
    networking.delete_namespaced_network_policy("everything", "vitals")


@pytest.mark.lab
@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("state", ["down", "one-way"])
def test_the_link_alone_is_cut_and_comes_back(own: RunningLab, state: str) -> None:
    lab = driver(own)
    assert lab.private_round_trip_ms() is not None
    lab.set_private_link(state)
    lab.set_private_link(state)
    assert (shown(own), lab.private_round_trip_ms()) == (state, None)
    assert serves(own, "fra")
    assert all(site["linked"] for site in own.control.call("status")["sites"].values())
    other = driver(own)  # another machine may be the one that mends
    for _ in range(2):
        other.mend_private_link()
        assert shown(own) == "up"
        assert lab.private_round_trip_ms() is not None
    assert eventually(lambda: lab.mirrored("gra"))


@pytest.mark.lab
def test_a_link_without_chaos_mesh_or_without_addresses_is_the_lab_s(own: RunningLab) -> None:
    lab = driver(own, chaos_mesh=None)
    before = lab.private_round_trip_ms()
    assert before is not None
    lab.slow_private_link(20)
    slow = lab.private_round_trip_ms()
    assert slow is not None
    assert slow > before + 30
    driver(own, private_link=None).set_private_link("down")
    assert (shown(own), lab.private_round_trip_ms()) == ("down", None)
    lab.mend_private_link()
    assert shown(own) == "up"
