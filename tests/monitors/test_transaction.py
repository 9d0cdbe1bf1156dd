"""The synthetic transaction against answers that no healthy service gives: each is a failed look, none ends the monitor."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from lab import pki
from monitors import transaction
from monitors.exchange import Answer
from monitors.place import Place
from monitors.transaction import Transaction
from results.clock import Clock
from targets.model import Target

TARGET: dict[str, Any] = {
    "name": "example",
    "environment": "staging",
    "sites": [{"name": "fra", "region": "DE", "address": "198.51.100.10"}],
    "zone": {"name": "heart.test", "record": "vitals.heart.test", "ttl_s": 5, "authoritative": []},
    "resolvers": [],
    "distances": [],
}


@pytest.mark.parametrize(
    ("ack", "status", "page", "why"),
    [
        ("17", 200, b'{"entry": [{"resource": {"id": "17.0"}}]}', ""),
        ("17", 200, b'{"resourceType": "Bundle"}', "acknowledged as 17, and not there"),
        ("17", 200, b"<html>a proxy</html>", "acknowledged as 17, and not there"),
        ("17", 200, b"[1, 2]", "acknowledged as 17, and not there"),
        ("17", 503, b"", "read back: status 503"),
        ("", 200, b"{}", "upload: acknowledged without an id"),
    ],
)
def test_each_answer_is_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ack: str, status: int, page: bytes, why: str
) -> None:
    pki.make_keys(tmp_path)
    keys = pki.keys(tmp_path)
    whole = TARGET | {
        "service": {"host": "vitals.heart.test", "ca_file": keys.ca, "active": "fra"},
        "secrets": {"token_key_file": keys.token_key},
    }

    def exchange(*given: Any) -> Answer:
        if given[2] == "POST":
            return Answer(201, {"upload-digest": hashlib.sha256(given[5]).hexdigest(), "upload-ack": ack}, b"", 0.01)
        return Answer(status, {}, page, 0.01)

    monkeypatch.setattr(transaction, "exchange", exchange)
    look = Transaction(Place(Target.model_validate(whole), Clock.anchored_now()), 1).look()
    assert (look.ok, look.why) == (not why, why)
