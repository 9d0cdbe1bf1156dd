"""What the doctor says of a fault that can be done in some ways only. No cluster is asked."""

from __future__ import annotations

from pathlib import Path

from chaos.drivers import driver_for
from chaos.faults import FAULTS
from drill.examining import _fault, examine_target
from tests.targets.target import description, target
from tests.targets.test_kubernetes import section

_ZONE = description()["zone"] | {
    "authoritative": [{"name": name, "address": "192.0.2.53", "port": 53} for name in ("ns1", "ns2")]
}
_COMMANDS = {"rejoin": ["r"], "mirrored": ["m"], "private_round_trip": ["p"]}
_LINK = {"fra": ["10.77.0.1/32"], "gra": ["10.77.0.2/32"]}


def test_ways_that_are_missing_are_said_and_the_others_named() -> None:
    driver = driver_for(target(kubernetes=section(commands=_COMMANDS, private_link=_LINK)))
    link = _fault(FAULTS["private-link"], driver, {})
    assert (link.level, link.found.partition(":")[0]) == ("limited", "can be done as down, one-way only")
    assert "Chaos Mesh" in link.found
    killed = _fault(FAULTS["process-killed"], driver, {})
    assert killed.found.startswith("can be done to server only: kubernetes.workloads has no analysis")
    assert _fault(FAULTS["site-loss"], driver, {}).level == "ok"


def test_a_role_that_one_way_needs_does_not_take_the_usual_one() -> None:
    driver = driver_for(target(kubernetes=section(commands=_COMMANDS)))
    loss = _fault(FAULTS["site-loss"], driver, {"drain_site": ["fra: patch nodes in the cluster"]})
    assert loss.found == "can be done as usual only: a Role with fra: patch nodes in the cluster"
    none = _fault(FAULTS["site-loss"], driver, {"kill_site": ["fra: delete pods in vitals"]})
    assert (none.found, none.remedy) == ("may not be done", "a Role with fra: delete pods in vitals")


def test_what_can_be_done_in_no_way_says_what_is_missing_for_each() -> None:
    driver = driver_for(target(kubernetes=section(commands=_COMMANDS)))
    link = _fault(FAULTS["private-link"], driver, {})
    assert link.found.startswith("cannot be done: kubernetes.private_link is not given; a policy delays nothing")


def test_a_dns_provider_that_does_not_answer_is_missing_and_its_key_is_named_and_not_shown(tmp_path: Path) -> None:
    key = tmp_path / "dns.key"
    key.write_text("c2VjcmV0")
    key.chmod(0o600)
    own = {"kind": "rfc2136", "server": "127.0.0.1", "port": 9, "key": "drill", "secret": {"file": str(key)}}
    remarks = {each.subject: each for each in examine_target(target(dns=own, control="control.sock", zone=_ZONE))}
    assert (remarks["DNS key"].level, remarks["DNS key"].found) == ("ok", str(key))
    assert remarks["DNS provider"].level == "missing"
    assert "server 127.0.0.1 port 9, zone heart.test: no answer" in remarks["DNS provider"].found
    assert "c2VjcmV0" not in "".join(each.found + each.remedy for each in remarks.values())
