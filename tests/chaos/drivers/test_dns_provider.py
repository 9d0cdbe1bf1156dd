"""Providers: dns-lexicon's class for PowerDNS against a stand-in of that server's API, and what signed updates look at first."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chaos.drivers.dns_provider import DnsRefused, provider_of
from targets.dns import DynamicUpdate, Lexicon
from targets.model import Zone
from tests.chaos.drivers.knot import KEY, RECORD, SECRET, ZONE, knot
from tests.targets.target import target

FRA, GRA, TOKEN = "198.51.100.10", "203.0.113.10", "token-of-the-tests"


class PowerDns(BaseHTTPRequestHandler):
    """The two calls of PowerDNS' API that dns-lexicon makes: the whole zone, and a change of its record sets."""

    records: list[str] = []  # noqa: RUF012 - a server's zone, set by each test

    def do_GET(self) -> None:
        rows = [{"content": each, "disabled": False} for each in self.records]
        sets = [{"name": f"{RECORD}.", "type": "A", "ttl": 5, "records": rows}] if rows else []
        self._answer(200, {"kind": "Native", "rrsets": sets})

    def do_PATCH(self) -> None:
        (change,) = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rrsets"]
        assert (change["name"], change["type"]) == (f"{RECORD}.", "A")
        type(self).records = [each["content"] for each in change["records"]]
        self._answer(204, None)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, status: int, body: Any) -> None:
        status = status if self.headers["X-API-Key"] == TOKEN else 401
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def powerdns(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[PowerDns]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PowerDns)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("LEXICON_POWERDNS_PDNS_SERVER", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("LEXICON_POWERDNS_AUTH_TOKEN", TOKEN)
    PowerDns.records = [FRA]
    yield PowerDns
    server.shutdown()
    thread.join()
    server.server_close()


def zone() -> Zone:
    return target().zone


def lexicon(name: str = "powerdns") -> Any:
    return provider_of(Lexicon(kind="lexicon", provider=name), zone())


def test_the_entry_is_changed_through_dns_lexicon(powerdns: type[PowerDns]) -> None:
    lexicon().examine()
    lexicon().point(GRA)
    assert powerdns.records == [GRA]
    lexicon().point(GRA)
    assert powerdns.records == [GRA], "harmless when it is so already"


def test_an_entry_that_is_not_there_is_made_and_examined_as_missing(powerdns: type[PowerDns]) -> None:
    powerdns.records = []
    with pytest.raises(DnsRefused, match=f"powerdns: it has no A record {RECORD}"):
        lexicon().examine()
    lexicon().point(GRA)
    assert powerdns.records == [GRA]


def test_of_several_addresses_none_is_changed(powerdns: type[PowerDns]) -> None:
    powerdns.records = [FRA, GRA]
    with pytest.raises(DnsRefused, match="2 A records"):
        lexicon().point(GRA)
    assert powerdns.records == [FRA, GRA]


def test_a_refusal_is_one_line_without_the_token(powerdns: type[PowerDns], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXICON_POWERDNS_AUTH_TOKEN", "another-token")
    with pytest.raises(DnsRefused, match=r"provider powerdns, zone heart\.test: HTTPError, status 401$") as refused:
        lexicon().point(GRA)
    assert "another-token" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert powerdns.records == [FRA]


def test_a_provider_that_nobody_knows_is_named() -> None:
    with pytest.raises(DnsRefused, match="dns-lexicon has no provider nobody"):
        lexicon("nobody").examine()


def test_a_signed_update_is_tried_without_changing_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNS_KEY_OF_THE_TESTS", SECRET)
    with knot(tmp_path / "ns1", FRA) as port:
        own = {"kind": "rfc2136", "server": "127.0.0.1", "port": port, "key": KEY}
        given = DynamicUpdate.model_validate(own | {"secret": {"env": "DNS_KEY_OF_THE_TESTS"}})
        provider_of(given, zone()).examine()
        elsewhere = zone().model_copy(update={"record": f"other.{ZONE}"})
        with pytest.raises(DnsRefused, match=f"it has no A record other.{ZONE}"):
            provider_of(given, elsewhere).examine()
