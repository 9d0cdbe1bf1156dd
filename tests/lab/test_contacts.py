"""The recorder on the shared lab: what is contacted shows, with who did it; an answer is no contact."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from lab import model
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
@pytest.mark.parametrize("zone", ["gra", "monitors-fra"])
def test_a_contact_to_an_address_that_nobody_answers_at_shows(
    lab: RunningLab, zone: str, kind: str, address: str, port: int
) -> None:
    if zone == "gra" and address.startswith("203.0.113."):
        pytest.skip("its own network: nothing leaves it")
    lab.inside(zone, sys.executable, "-c", _CONNECT, kind, address, str(port))
    source = model.MONITORS["fra"] if zone == "monitors-fra" else model.PUBLIC["gra"]
    assert contacts(lab)[kind, source, address, port][2] == 1


def test_the_private_link_is_watched_in_both_directions(lab: RunningLab) -> None:
    fra, gra = model.PRIVATE["fra"], model.PRIVATE["gra"]
    seen = contacts(lab)
    assert ("tcp", gra, fra, 5432) in seen, "the product's mirror follows its primary"
    assert ("tcp", fra, gra, 5433) in seen, "the tools cluster's mirror follows the other way"


def test_answers_are_no_contacts(lab: RunningLab) -> None:
    look_up = "import socket; socket.getaddrinfo('vitals.heart.test', 443)"
    lab.inside("witness", sys.executable, "-c", look_up)
    seen = contacts(lab)
    assert {key for key in seen if key[2] == model.WITNESS} == set()


def test_every_contact_of_a_healthy_lab_is_with_a_declared_network(lab: RunningLab) -> None:
    assert lab.target.residency is not None
    declared = [each.network for each in lab.target.residency.networks]
    assert {str(network.prefixlen) for network in declared} == {"24", "32"}
