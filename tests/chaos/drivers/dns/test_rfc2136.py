"""Updates of a real Knot server: with its key, with another one, with none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.drivers.dns.rfc2136 import DnsRefused, Updates
from targets.dns import Rfc2136
from tests.chaos.drivers.dns import knot

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with knot.knot(tmp_path_factory.mktemp("k")) as port:
        yield port


def updates(at: int, **changes: Any) -> Updates:
    own = {"kind": "rfc2136", "address": "127.0.0.1", "port": at, "key": "drill", "secret": {"env": "DNS_KEY"}}
    return Updates(Rfc2136.model_validate(own | changes), knot.ZONE)


def test_with_the_key_the_entry_is_changed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNS_KEY", knot.RIGHT)
    before = knot.serial(port)
    updates(port).set(knot.RECORD, "A", knot.GRA, 7)
    changed = knot.serial(port)
    assert changed != before
    updates(port).may_set(knot.RECORD, "A", [knot.GRA], 7)
    assert knot.serial(port) == changed, "that was to change nothing"
    with pytest.raises(DnsRefused, match="refused \\(NXRRSET\\)"):
        updates(port).may_set(knot.RECORD, "A", [knot.FRA], 7)


@pytest.mark.parametrize(
    ("changes", "secret", "said"),
    [
        ({}, knot.WRONG, "key drill: "),
        ({"key": "nobodys"}, knot.RIGHT, "key nobodys: "),
        ({"algorithm": "hmac-sha512"}, knot.RIGHT, "key drill: "),
        ({}, "no base64!", "its secret is not base64"),
        ({"port": 1}, knot.RIGHT, "onnection refused"),
    ],
)
def test_refused_in_one_line_without_the_secret(
    port: int, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], secret: str, said: str
) -> None:
    monkeypatch.setenv("DNS_KEY", secret)
    before = knot.serial(port)
    with pytest.raises(DnsRefused) as refused:
        updates(port, **changes).set(knot.RECORD, "A", knot.STRANGER, 7)
    assert said in str(refused.value)
    assert secret not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert knot.serial(port) == before


def test_a_key_that_others_may_read_is_not_used(port: int, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(knot.RIGHT)
    file.chmod(0o644)
    with pytest.raises(DnsRefused, match="allowed: 600"):
        updates(port, secret={"file": str(file)}).set(knot.RECORD, "A", knot.GRA, 7)
