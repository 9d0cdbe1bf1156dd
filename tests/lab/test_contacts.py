"""The recorder on the shared lab: what is contacted shows, with who did it; an answer is no contact."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from lab import launch, model
from lab.model import Options
from lab.net.topology import legs
from results.networks import Networks
from targets.lab_control import LabRefused
from tests.lab.running import RunningLab

_CONNECT = """
import socket, sys
kind, address, port = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as probe:
    probe.setblocking(False)
    probe.connect_ex((address, int(port)))
    if kind == "udp":
        probe.send(b"x")
"""
_ASK = """
import sys, dns.resolver
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers = [sys.argv[1]]
print(resolver.resolve(sys.argv[2], "A")[0])
"""


def contacts(lab: RunningLab) -> dict[tuple[str, str, str, int], list[int]]:
    """First, last (CLOCK_MONOTONIC, ns) and count by protocol, source, destination and port."""
    answer: dict[str, Any] = lab.control.call("contacts")
    assert answer["lost"] == 0
    return {tuple(key): rest for *key, first, last, count in answer["contacts"] for rest in [[first, last, count]]}


def test_an_upload_shows_with_its_time(lab: RunningLab) -> None:
    key = ("tcp", model.WITNESS, model.PUBLIC["fra"], model.HTTPS)  # the gate stands at the witness's
    before = contacts(lab).get(key, [0, 0, 0])
    begun = time.monotonic_ns()
    assert lab.upload().status_code == 201
    first, last, count = contacts(lab)[key]
    assert count == before[2] + 1
    assert begun <= last <= time.monotonic_ns()
    assert first == (before[0] or last)


@pytest.mark.parametrize("kind", ["tcp", "udp"])
@pytest.mark.parametrize(("address", "port"), [("203.0.113.77", 443), ("8.8.8.8", 8125), (model.ABROAD[1], 443)])
@pytest.mark.parametrize(("zone", "source"), [("fra", model.PUBLIC["fra"]), ("monitors-fra", model.MONITORS["fra"])])
def test_a_contact_to_an_address_that_nobody_answers_at_shows(
    lab: RunningLab, zone: str, source: str, kind: str, address: str, port: int
) -> None:
    lab.inside(zone, sys.executable, "-c", _CONNECT, kind, address, str(port))
    assert contacts(lab)[kind, source, address, port][2] == 1


def test_the_private_link_is_watched_in_both_directions(lab: RunningLab) -> None:
    fra, gra = model.PRIVATE["fra"], model.PRIVATE["gra"]
    seen = contacts(lab)
    assert ("tcp", gra, fra, 5432) in seen, "the product's mirror follows its primary"
    assert ("tcp", fra, gra, 5433) in seen, "the tools cluster's mirror follows the other way"


def test_answers_are_no_contacts(lab: RunningLab) -> None:
    resolver = model.RESOLVERS["honest"]
    assert lab.inside("witness", sys.executable, "-c", _ASK, resolver, model.RECORD) == model.PUBLIC["fra"]
    assert lab.upload().status_code == 201
    seen = contacts(lab)
    assert ("udp", model.WITNESS, resolver, 53) in seen
    assert {key for key in seen if key[2] == model.WITNESS} == set(), "nobody begins anything with the witness"


def test_every_address_of_the_lab_is_in_a_declared_network(lab: RunningLab) -> None:
    assert lab.target.residency is not None
    networks = Networks(each.model_dump(mode="json") for each in lab.target.residency.networks)
    regions = {}
    for leg in (leg for pair in legs().values() for leg in pair):
        for address in (leg.address, *leg.more_addresses):
            owner = networks.owner(address)
            regions[address] = owner and owner.region
    assert None not in regions.values(), regions
    assert {address for address, region in regions.items() if region not in lab.target.residency.allowed} == {
        model.ABROAD[1]
    }
    assert (regions[model.PRIVATE["fra"]], regions[model.PRIVATE["gra"]]) == ("DE", "FR")


@pytest.mark.lab
def test_a_recorder_that_has_ended_is_not_an_empty_answer(state: Path) -> None:
    up = launch.up(Options(state=state, tools=False), die_with_caller=True)
    lab = RunningLab(up)
    assert lab.upload().status_code == 201
    assert contacts(lab)
    (recorder,) = (
        process
        for process in psutil.Process(up.pid).children(recursive=True)
        if "lab.net.contacts" in process.cmdline() and "internet.json" in " ".join(process.cmdline())
    )
    recorder.kill()
    with pytest.raises(LabRefused, match="the recorder in zone internet has written nothing for 5 s"):
        lab.control.call("contacts")
