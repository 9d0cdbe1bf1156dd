"""The entry of a target that is not the lab, at a real Knot server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.drivers.commands import CommandDriver
from chaos.drivers.dns import health
from chaos.drivers.dns.entry import DnsEntry
from chaos.drivers.dns.rfc2136 import DnsRefused
from drill.examining import _dns
from targets.kubernetes import Commands
from targets.model import Target
from tests.chaos.drivers.dns import knot
from tests.targets.target import target
from tests.targets.test_kubernetes import section

pytestmark = pytest.mark.lab


@pytest.fixture
def port(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setenv("DNS_KEY", knot.RIGHT)
    with knot.knot(tmp_path_factory.mktemp("k")) as port:
        yield port


def described(port: int, *servers: int, **changes: Any) -> Target:
    zone = {
        "name": knot.ZONE,
        "record": knot.RECORD,
        "ttl_s": 7,
        "authoritative": [
            {"name": f"ns{number}", "address": "127.0.0.1", "port": each}
            for number, each in enumerate((port, *servers), 1)
        ],
    }
    own = {"kind": "rfc2136", "address": "127.0.0.1", "port": port, "key": "drill", "secret": {"env": "DNS_KEY"}}
    return target(zone=zone, dns=own | {"stranger": knot.STRANGER} | changes, kubernetes=section())


def entry(own: Target, within_s: float = 5, **commands: list[str]) -> DnsEntry:
    return DnsEntry(own, CommandDriver(own.name, Commands.model_validate(commands)), within_s)


def test_misdirected_and_mended(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    own = entry(described(port))
    assert own.entry() == {"ns1": [knot.FRA]}
    own.misdirect_entry()
    assert own.entry() == {"ns1": [knot.STRANGER]}
    monkeypatch.setattr(health, "says_ready", lambda _, address: address == knot.FRA)
    own.mend_entry()
    assert own.entry() == {"ns1": [knot.FRA]}
    before = knot.serial(port)
    own.mend_entry()
    assert (own.entry(), knot.serial(port)) == ({"ns1": [knot.FRA]}, before)


def test_where_two_sites_say_ready_or_none_nobody_guesses(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer, named in ((True, "fra and gra"), (False, "no site")):
        monkeypatch.setattr(health, "says_ready", lambda *_, answer=answer: answer)
        with pytest.raises(DnsRefused, match=f"{named} says ready"):
            entry(described(port)).mend_entry()


def test_a_server_that_does_not_follow_is_named(port: int, tmp_path: Path) -> None:
    with knot.knot(tmp_path) as second:
        own = entry(described(port, second), within_s=1)
        with pytest.raises(DnsRefused, match=r"ns2: acknowledged, but vitals.heart.test is not 203.0.113.10 after 1 s"):
            own.perform("gra", "dns")
        assert own.entry() == {"ns1": [knot.GRA], "ns2": [knot.FRA]}
        with pytest.raises(DnsRefused, match="ns2: acknowledged"):
            own.misdirect_entry()
        with pytest.raises(DnsRefused, match=r"ns1: vitals.heart.test is 192.0.2.99 .needed: the address of one site"):
            own.misdirect_entry()


def test_the_step_dns_is_ours_and_stands_in_the_journal(port: int) -> None:
    own = entry(described(port), journal=["true"], perform=["false"])
    own.perform("gra", "dns")
    assert own.entry() == {"ns1": [knot.GRA]}
    assert [(each["step"], each["state"], each["site"]) for each in own.takeover_steps()] == [
        ("dns", "begin", "gra"),
        ("dns", "end", "gra"),
    ]
    with pytest.raises(RuntimeError, match=r"kubernetes.commands.perform: exit code 1"):
        own.perform("gra", "fence")


def test_doctor_says_whether_it_may_be_changed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    own, before = described(port), knot.serial(port)
    assert own.kubernetes is not None
    assert (_dns(own, own.kubernetes).level, knot.serial(port)) == ("ok", before)
    without = _dns(described(port, stranger=None), own.kubernetes)
    assert (without.level, "dns.stranger is not given" in without.found) == ("limited", True)
    silent = _dns(described(port, knot.free_port()), own.kubernetes)
    assert (silent.level, "ns2: no answer" in silent.found) == ("missing", True)
    monkeypatch.setenv("DNS_KEY", knot.WRONG)
    wrong = _dns(own, own.kubernetes)
    assert (wrong.level, knot.WRONG in wrong.found) == ("missing", False)
