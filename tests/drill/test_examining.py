"""What the doctor says of a fault that can be done in some ways only. No cluster is asked."""

from __future__ import annotations

from chaos.drivers import driver_for
from chaos.faults import FAULTS
from drill.examining import _fault
from tests.targets.target import target
from tests.targets.test_kubernetes import section

_COMMANDS = {"rejoin": ["r"], "mirrored": ["m"], "private_round_trip": ["p"], "private_loss": ["l"]}
_LINK = {"fra": ["10.77.0.1/32"], "gra": ["10.77.0.2/32"]}


def test_ways_that_are_missing_are_said_and_the_others_named() -> None:
    driver = driver_for(target(kubernetes=section(commands=_COMMANDS, private_link=_LINK)))
    link = _fault(FAULTS["private-link"], driver, {}, {})
    assert (link.level, link.found.partition(":")[0]) == ("limited", "can be done as down, one-way only")
    assert "a policy delays nothing, and kubernetes.chaos_mesh is not given" in link.found
    killed = _fault(FAULTS["process-killed"], driver, {}, {})
    assert killed.found.startswith("can be done to server only: kubernetes.workloads has no analysis")
    assert _fault(FAULTS["site-loss"], driver, {}, {}).level == "ok"


def test_a_role_that_one_way_needs_does_not_take_the_usual_one() -> None:
    driver = driver_for(target(kubernetes=section(commands=_COMMANDS)))
    loss = _fault(FAULTS["site-loss"], driver, {"drain_site": ["fra: patch nodes in the cluster"]}, {})
    assert loss.found == "can be done as usual only: a Role with fra: patch nodes in the cluster"
    none = _fault(FAULTS["site-loss"], driver, {"kill_site": ["fra: delete pods in vitals"]}, {})
    assert (none.found, none.remedy) == ("may not be done", "a Role with fra: delete pods in vitals")


def test_what_can_be_done_in_no_way_says_what_is_missing_for_each() -> None:
    driver = driver_for(target(kubernetes=section(commands=_COMMANDS)))
    link = _fault(FAULTS["private-link"], driver, {}, {})
    assert link.found.startswith("cannot be done: kubernetes.private_link is not given; a policy delays nothing")


def test_a_kind_of_chaos_that_is_not_installed_takes_what_is_done_by_it_and_nothing_else() -> None:
    whole = section(commands={**_COMMANDS, "deployed": ["d"]}, private_link=_LINK, chaos_mesh={})
    driver = driver_for(target(kubernetes=whole))
    absent = {way: ["gra: NetworkChaos is not installed"] for way in ("slow_private_link", "lossy_private_link")}
    link = _fault(FAULTS["private-link"], driver, {}, absent)
    assert link.found == "can be done as down, one-way only: gra: NetworkChaos is not installed"
    assert _fault(FAULTS["clock-ahead"], driver, {}, absent).level == "ok"
    clock = _fault(FAULTS["clock-ahead"], driver, {}, {"deploy clock-ahead": ["gra: TimeChaos is not installed"]})
    assert clock.found == "cannot be done: gra: TimeChaos is not installed"
