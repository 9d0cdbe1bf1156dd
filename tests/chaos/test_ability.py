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
    own = driver_for(target(control="control.sock", zone=zone))
    lacks = {name: lacking(own, name) for name in FAULTS}
    assert "lab.kubernetes: true" in lacks.pop("quota-full")[0]
    assert not any(lacks.values())
    check_ability(plan(takeover="perform"), LOSS, own)


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
            "fault volume-full: cannot be done on this target: it can",
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
