"""Envelopes as SDKs send them, and what must be refused."""

from __future__ import annotations

import gzip
import json
import zlib

import brotli  # type: ignore[import-untyped] # it has no types
import pytest

from lab.telemetry import envelope
from lab.telemetry.envelope import BadEnvelope, decompress, parse
from lab.telemetry.sentry_ingest import row

EVENT = {"event_id": "e" * 32, "level": "error", "exception": {"values": [{"type": "ValueError", "value": "no 7"}]}}


def written(*items: tuple[dict[str, object], bytes]) -> bytes:
    lines = [json.dumps({"event_id": "e" * 32}).encode()]
    for header, payload in items:
        lines += [json.dumps(header).encode(), payload]
    return b"\n".join(lines) + b"\n"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("", bytes), ("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
def test_every_encoding_of_the_protocol_is_unpacked(encoding: str, packed: object) -> None:
    whole = written(({"type": "event"}, json.dumps(EVENT).encode()))
    assert decompress(packed(whole), encoding) == whole  # type: ignore[operator]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_body_cut_off_or_damaged_or_too_long_is_refused(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[encoding]
    whole = pack(b"x" * 3000 + bytes(range(256)) * 9)
    with pytest.raises(BadEnvelope):
        decompress(whole[:-9], encoding)
    with pytest.raises(BadEnvelope):
        decompress(b"\x07damaged" + whole, encoding)
    monkeypatch.setattr(envelope, "LONGEST", 1000)
    with pytest.raises(BadEnvelope, match="longer than 1000"):
        decompress(whole, encoding)


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(BadEnvelope, match="'zstd'"):
        decompress(b"", "zstd")


def test_items_with_and_without_length_and_with_newlines_in_them() -> None:
    payload = b'{"a":\n1}'
    header, items = parse(
        written(({"type": "attachment", "length": len(payload)}, payload), ({"type": "check_in"}, b'{"status":"ok"}'))
    )
    assert header["event_id"] == "e" * 32
    assert [(item.kind, item.payload) for item in items] == [("attachment", payload), ("check_in", b'{"status":"ok"}')]
    assert items[1].json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "envelope header"),
        (b"[]\n", "no JSON object"),
        (b'{}\n{"type":"event","length":900}\n{}', "length 900"),
        (b'{}\n{"type":"event","length":-1}\n{}', "length -1"),
        (b'{}\n{"length":2}\n{}', "no type"),
        (b"{}\nnonsense\n{}", "header of item 1"),
    ],
)
def test_what_is_no_envelope_is_refused_by_name(body: bytes, said: str) -> None:
    with pytest.raises(BadEnvelope, match=said):
        parse(body)


def test_events_of_one_kind_and_place_are_one_issue_whatever_the_numbers() -> None:
    def issue(**changes: object) -> object:
        header, items = parse(written(({"type": "event"}, json.dumps({**EVENT, **changes}).encode())))
        return row(1, header, items[0], 5)["issue"]

    other_number = {"values": [{"type": "ValueError", "value": "no 8"}]}
    assert issue() == issue(exception=other_number)
    assert issue() != issue(transaction="/fhir")
    assert issue() != issue(exception={"values": [{"type": "KeyError", "value": "no 7"}]})
    assert issue(fingerprint=["a"]) == issue(fingerprint=["a"], transaction="/fhir")


def test_a_transactions_length_and_a_check_ins_slug_become_columns() -> None:
    content = {"transaction": "/fhir", "start_timestamp": 10.0, "timestamp": "1970-01-01T00:00:10.250000Z"}
    header, items = parse(
        written(
            ({"type": "transaction"}, json.dumps(content).encode()),
            ({"type": "check_in"}, b'{"check_in_id":"c","monitor_slug":"http-gra","status":"ok","duration":0.5}'),
        )
    )
    transaction, check_in = (row(2, header, item, 5) for item in items)
    assert (transaction["name"], transaction["duration_ms"]) == ("/fhir", 250.0)
    assert (check_in["name"], check_in["status"], check_in["event"], check_in["duration_ms"]) == (
        *("http-gra", "ok", "c"),
        500.0,
    )
