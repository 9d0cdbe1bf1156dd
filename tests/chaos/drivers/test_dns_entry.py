"""The DNS entry changed at a real Knot server by signed updates, as a drill does it at a target that is not the lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chaos.drivers.dns_entry import DnsEntry
from chaos.drivers.dns_provider import DnsRefused
from tests.chaos.drivers.knot import KEY, SECRET, knot
from tests.targets.target import description, target

FRA, GRA, STRANGER = "198.51.100.10", "203.0.113.10", "192.0.2.99"


class Rest:
    """What does everything else: it knows who is a mirror, and what it was told."""

    def __init__(self) -> None:
        self.mirrors, self.told = {"gra"}, [("", "")]

    def mirrored(self, site: str) -> bool:
        return site in self.mirrors

    def perform(self, site: str, step: str) -> None:
        self.told.append((site, step))

    def takeover_steps(self) -> list[dict[str, Any]]:
        return [{"step": "promote"}]

    def lacks(self, operation: str) -> str:
        return f"nobody does {operation}"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[list[int]]:
    with ExitStack() as servers:
        yield [servers.enter_context(knot(tmp_path / name, FRA)) for name in ("ns1", "ns2")]


def entry(
    tmp_path: Path, port: int, authoritative: list[int], rest: Rest, secret: str = SECRET, **more: Any
) -> DnsEntry:
    key = tmp_path / "key"
    key.write_text(secret)
    key.chmod(0o600)
    own = {"kind": "rfc2136", "server": "127.0.0.1", "port": port, "key": KEY, "secret": {"file": str(key)}}
    servers = [
        {"name": f"ns{number}", "address": "127.0.0.1", "port": each}
        for number, each in enumerate(authoritative, start=1)
    ]
    zone = description()["zone"] | {"authoritative": servers}
    return DnsEntry(target(zone=zone, dns=own | {"stranger": STRANGER} | more), rest, follows_within_s=1)


def test_the_entry_is_led_astray_and_back_to_whoever_is_active(tmp_path: Path, ports: list[int]) -> None:
    rest = Rest()
    own = entry(tmp_path, ports[0], ports[:1], rest)
    assert own.entry() == {"ns1": [FRA]}
    own.misdirect_entry()
    assert own.entry() == {"ns1": [STRANGER]}
    rest.mirrors = {"fra"}
    own.mend_entry()
    assert own.entry() == {"ns1": [GRA]}


@pytest.mark.parametrize(("mirrors", "said"), [({"fra", "gra"}, "none"), (set(), "fra, gra")])
def test_nothing_is_mended_while_it_is_not_clear_who_is_active(
    tmp_path: Path, ports: list[int], mirrors: set[str], said: str
) -> None:
    rest = Rest()
    rest.mirrors = mirrors
    own = entry(tmp_path, ports[0], ports[:1], rest)
    with pytest.raises(DnsRefused, match=f"no mirror: {said}; nobody knows"):
        own.mend_entry()
    assert own.entry() == {"ns1": [FRA]}


def test_a_server_that_does_not_follow_is_named(tmp_path: Path, ports: list[int]) -> None:
    own = entry(tmp_path, ports[0], ports, Rest())
    with pytest.raises(DnsRefused, match=f"to {STRANGER}: after 1 s ns2 says {FRA}$"):
        own.misdirect_entry()


def test_another_key_is_refused_in_one_line_without_it(tmp_path: Path, ports: list[int]) -> None:
    wrong = "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3RzLCBsb25nIQ=="
    own = entry(tmp_path, ports[0], ports[:1], Rest(), secret=wrong)
    with pytest.raises(DnsRefused, match=f"refused the key {KEY}") as refused:
        own.misdirect_entry()
    assert wrong not in str(refused.value)
    assert own.entry() == {"ns1": [FRA]}


def test_a_secret_that_is_no_key_is_not_shown(tmp_path: Path, ports: list[int]) -> None:
    own = entry(tmp_path, ports[0], ports[:1], Rest(), secret="top secret")  # noqa: S106
    with pytest.raises(DnsRefused, match="not in Base64") as refused:
        own.misdirect_entry()
    assert "top" not in str(refused.value)


def test_a_server_that_is_not_there_is_said(tmp_path: Path, ports: list[int]) -> None:
    own = entry(tmp_path, 9, ports[:1], Rest())
    with pytest.raises(
        DnsRefused, match=r"server 127\.0\.0\.1 port 9, zone heart\.test: no answer \(ConnectionRefusedError\)"
    ):
        own.misdirect_entry()


def test_the_takeovers_step_is_our_own_and_stands_in_the_journal(tmp_path: Path, ports: list[int]) -> None:
    rest = Rest()
    own = entry(tmp_path, ports[0], ports[:1], rest)
    own.perform("gra", "promote")
    own.perform("gra", "dns")
    assert own.entry() == {"ns1": [GRA]}
    assert rest.told[1:] == [("gra", "promote")]
    steps = own.takeover_steps()
    assert [(each["step"], each.get("state")) for each in steps] == [
        ("promote", None),
        ("dns", "begin"),
        ("dns", "end"),
    ]
    assert steps[1]["t_monotonic_ns"] <= steps[2]["t_monotonic_ns"]


def test_without_a_provider_the_step_is_somebody_elses_and_the_fault_is_refused_by_name() -> None:
    rest = Rest()
    own = DnsEntry(target(), rest)
    own.perform("gra", "dns")
    assert rest.told[1:] == [("gra", "dns")]
    assert own.lacks("misdirect_entry") == "dns is not given (who changes the entry)"
    assert own.lacks("entry") == ""
    with pytest.raises(DnsRefused, match="target lab: dns is not given"):
        own.misdirect_entry()


def test_what_is_missing_is_said_operation_by_operation(tmp_path: Path) -> None:
    own = entry(tmp_path, 53, [53], Rest(), stranger=None)
    assert own.lacks("misdirect_entry") == "dns.stranger is not given"
    assert own.lacks("mend_entry") == "nobody does mirrored"
    assert own.lacks("read_store") == "nobody does read_store"
