from __future__ import annotations

from typing import Any

import pytest

from chaos.ability import CannotDo, check_ability, lacking
from chaos.drivers import driver_for
from chaos.faults import FAULTS
from results.plan import Plan
from tests.targets.target import target
from tests.targets.test_kubernetes import section

LOSS = {"method": [{"name": name} for name in ("inject", "await-takeover", "read-lost-volume")]}
COMMANDS = {"journal": ["j"], "rejoin": ["r"], "read_store": ["s"]}


def plan(**changes: Any) -> Plan:
    return Plan.model_validate({"drill": "t", **changes})


def test_the_lab_can_do_everything() -> None:
    servers = [{"name": name, "address": "192.0.2.53", "port": 53} for name in ("ns1", "ns2")]
    zone = {"name": "heart.test", "record": "vitals.heart.test", "ttl_s": 5, "authoritative": servers}
    own = driver_for(target(control="control.sock", zone=zone, kubernetes=section()))
    for name, kind in FAULTS.items():
        ways = ("", *kind.needs_by_how)
        assert [lacking(own, name, how=how) for how in ways] == [[] for _ in ways]
    check_ability(plan(takeover="perform"), LOSS, own)


def test_a_lab_that_does_not_speak_kubernetes_says_what_that_takes() -> None:
    servers = [{"name": name, "address": "192.0.2.53", "port": 53} for name in ("ns1", "ns2")]
    zone = {"name": "heart.test", "record": "vitals.heart.test", "ttl_s": 5, "authoritative": servers}
    own = driver_for(target(control="control.sock", zone=zone))
    lacks = {name: missing[0] for name in FAULTS if (missing := lacking(own, name))}
    assert set(lacks) == {"api-server-gone", "quota-full"}
    assert all("lab.kubernetes: true" in missing for missing in lacks.values())
    with pytest.raises(CannotDo, match=r"fault site-loss: cannot be done on this target: .*\(lab.kubernetes: true\)"):
        check_ability(plan(fault={"how": "drain"}), LOSS, own)


def test_clusters_with_the_operators_commands_can_lose_a_site() -> None:
    check_ability(plan(), LOSS, driver_for(target(kubernetes=section(commands=COMMANDS))))


@pytest.mark.parametrize(
    ("commands", "changes", "message"),
    [
        (
            {"journal": ["j"]},
            {},
            "fault site-loss: cannot be done on this target: kubernetes.commands.rejoin is not given",
        ),
        (
            {"rejoin": ["r"]},
            {},
            "await-takeover: cannot be done on this target: kubernetes.commands.journal is not given",
        ),
        ({"journal": ["j"], "rejoin": ["r"]}, {}, "read-lost-volume: cannot be done"),
        (
            COMMANDS,
            {"takeover": "perform"},
            "takeover: perform: cannot be done on this target: kubernetes.commands.perform",
        ),
        (
            COMMANDS,
            {"fault": {"name": "volume-full"}},
            "volume_path is not given; kubernetes.commands.volume_writable is not given",
        ),
        (
            COMMANDS,
            {"fault": {"name": "private-link", "how": "down"}},
            "commands.mirrored is not given; kubernetes.commands.private_round_trip is not given; kubernetes.private_link is not",
        ),
        (
            COMMANDS,
            {"fault": {"name": "private-link", "how": "slow"}},
            "a policy delays nothing, and kubernetes.chaos_mesh is not given",
        ),
        (
            COMMANDS,
            {"fault": {"name": "private-link", "how": "lossy"}},
            "a policy loses nothing, and kubernetes.chaos_mesh is not given; kubernetes.commands.private_loss is not given",
        ),
        (
            COMMANDS,
            {"fault": {"name": "api-server-gone"}},
            "fault api-server-gone: cannot be done on this target: kubernetes.commands.api_server is not given",
        ),
        (
            COMMANDS,
            {"fault": {"name": "process-killed", "service": "balancer"}},
            "fault process-killed: cannot be done on this target: kubernetes.workloads has no balancer",
        ),
        (
            COMMANDS,
            {"conditions": [{"name": "dns-updates-refused"}]},
            "fault dns-updates-refused: cannot be done on this target",
        ),
    ],
)
def test_what_a_target_cannot_do_is_refused_by_name(
    commands: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(CannotDo) as refused:
        check_ability(plan(**changes), LOSS, driver_for(target(kubernetes=section(commands=commands))))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
