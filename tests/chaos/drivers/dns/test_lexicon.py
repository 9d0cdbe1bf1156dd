"""dns-lexicon's own provider for PowerDNS, against a stand-in for that interface: one zone, its key, changes of whole sets."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chaos.drivers.dns import lexicon
from chaos.drivers.dns.lexicon import Provider
from chaos.drivers.dns.rfc2136 import DnsRefused
from targets.dns import Lexicon
from tests.chaos.drivers.dns.knot import FRA, GRA, RECORD, ZONE

KEY = "the-key-of-the-provider"


class PowerDns(http.server.BaseHTTPRequestHandler):
    addresses: tuple[str, ...] = (FRA,)
    answers = threading.Event()

    def do_GET(self) -> None:
        self.answers.wait(10)
        content = [{"content": each, "disabled": False} for each in type(self).addresses]
        sets = [{"name": f"{RECORD}.", "type": "A", "ttl": 7, "records": content}]
        self._say({"kind": "Native", "rrsets": sets})

    def do_PATCH(self) -> None:
        (told,) = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rrsets"]
        assert (told["name"], told["type"]) == (f"{RECORD}.", "A")
        type(self).addresses = tuple(each["content"] for each in told.get("records", []))
        self._say({})

    def _say(self, answer: dict[str, Any]) -> None:
        known = self.headers["X-API-Key"] == KEY and self.path.rstrip("?").endswith(f"/zones/{ZONE}.")
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(json.dumps(answer if known else {"error": self.headers["X-API-Key"]}).encode())

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PowerDns)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(PowerDns, "addresses", (FRA,))
    PowerDns.answers.set()
    monkeypatch.setenv("PDNS_KEY", KEY)
    monkeypatch.setenv("PDNS_SERVER", f"http://127.0.0.1:{server.server_port}")
    options = {"auth_token": {"env": "PDNS_KEY"}, "pdns_server": {"env": "PDNS_SERVER"}}
    own = Lexicon.model_validate({"kind": "lexicon", "provider": "powerdns", "options": options})
    yield Provider(own, ZONE)
    PowerDns.answers.set()
    server.shutdown()
    server.server_close()


def test_the_one_entry_is_changed(provider: Provider) -> None:
    provider.may_set(RECORD, "A", [FRA], 7)
    assert PowerDns.addresses == (FRA,)
    provider.set(RECORD, "A", GRA, 7)
    assert PowerDns.addresses == (GRA,)
    provider.set(RECORD, "A", GRA, 7)
    assert PowerDns.addresses == (GRA,)


@pytest.mark.parametrize("there", [(), (FRA, GRA)])
def test_no_entry_or_more_than_one_is_left_alone(provider: Provider, there: tuple[str, ...]) -> None:
    PowerDns.addresses = there
    with pytest.raises(DnsRefused, match=rf"the provider has {len(there)} entries of kind A"):
        provider.set(RECORD, "A", GRA, 7)
    assert PowerDns.addresses == there


def test_a_wrong_key_is_one_line_without_it(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDNS_KEY", "wrong-key")
    with pytest.raises(DnsRefused, match=r"dns: provider powerdns: .*401") as refused:
        provider.set(RECORD, "A", GRA, 7)
    assert "wrong-key" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value), "an option's value is a secret, whatever it is"


def test_what_is_not_set_or_not_known_is_named(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DnsRefused, match="dns-lexicon has no provider nobodys"):
        Provider(Lexicon(kind="lexicon", provider="nobodys"), ZONE).set(RECORD, "A", GRA, 7)
    monkeypatch.delenv("PDNS_KEY")
    with pytest.raises(DnsRefused, match="environment variable PDNS_KEY: not set"):
        provider.set(RECORD, "A", GRA, 7)


def test_a_provider_that_says_nothing_is_waited_for_so_long(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicon, "_WITHIN_S", 0.3)
    PowerDns.answers.clear()
    with pytest.raises(DnsRefused, match=r"no answer within 0.3 s; what it did is not known"):
        provider.set(RECORD, "A", GRA, 7)
