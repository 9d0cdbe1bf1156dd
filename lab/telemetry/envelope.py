"""Sentry's envelopes: a line with a header, then for each item a line with its header and its payload.

Format: https://develop.sentry.dev/sdk/data-model/envelopes/. The SDK's own parser leaves `payload.json` empty for check-ins and
sessions, so the bytes are read here.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any

import brotli  # type: ignore[import-untyped] # it has no types

LONGEST = 20 << 20


class BadEnvelope(ValueError):
    """It is no envelope: one line says what is wrong."""


@dataclass(frozen=True)
class Item:
    """`kind` is the header's type: event, transaction, check_in, sessions, client_report, log, attachment."""

    kind: str
    header: dict[str, Any]  # JSON
    payload: bytes

    def json(self) -> dict[str, Any]:
        """The payload as a JSON object; empty where it is none (an attachment)."""
        try:
            whole = json.loads(self.payload)
        except ValueError:
            return {}
        return whole if isinstance(whole, dict) else {}


def decompress(body: bytes, encoding: str) -> bytes:
    """The body as sent before its Content-Encoding (gzip, deflate, br, identity). Raises BadEnvelope, also beyond `LONGEST`."""
    try:
        if encoding in ("", "identity"):
            whole = body
        elif encoding == "br":
            whole = _brotli(body)
        elif encoding in ("gzip", "deflate"):
            inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | (16 if encoding == "gzip" else 0))
            whole = inflate.decompress(body, LONGEST + 1)
            if not inflate.eof and len(whole) <= LONGEST:
                raise BadEnvelope(f"{encoding}: the body ends early")
        else:
            raise BadEnvelope(f"content encoding {encoding!r}: gzip, deflate, br or none")
    except (zlib.error, gzip.BadGzipFile, brotli.error) as error:
        raise BadEnvelope(f"{encoding}: {error}") from error
    if len(whole) > LONGEST:
        raise BadEnvelope(f"longer than {LONGEST} bytes when unpacked")
    return whole


def _brotli(body: bytes) -> bytes:
    unpack = brotli.Decompressor()
    whole: bytes = unpack.process(body, output_buffer_limit=LONGEST + 1)
    while len(whole) <= LONGEST and not unpack.is_finished():
        more = unpack.process(b"", output_buffer_limit=LONGEST + 1)
        if not more:
            raise BadEnvelope("br: the body ends early")
        whole += more
    return whole


def parse(whole: bytes) -> tuple[dict[str, Any], list[Item]]:
    """Header and items. Raises BadEnvelope."""
    line, _, rest = whole.partition(b"\n")
    header = _object(line, "envelope header")
    items: list[Item] = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        if not line:
            continue  # an empty line at the end is allowed
        about = _object(line, f"header of item {len(items) + 1}")
        length = about.get("length")
        if length is None:
            payload, _, rest = rest.partition(b"\n")
        elif isinstance(length, int) and 0 <= length <= len(rest):
            payload, rest = rest[:length], rest[length:].removeprefix(b"\n")
        else:
            raise BadEnvelope(f"item {len(items) + 1}: length {length!r}, {len(rest)} bytes are left")
        if not isinstance(about.get("type"), str):
            raise BadEnvelope(f"item {len(items) + 1}: no type")
        items.append(Item(about["type"], about, payload))
    return header, items


def _object(line: bytes, what: str) -> dict[str, Any]:
    try:
        whole = json.loads(line)
    except ValueError as error:
        raise BadEnvelope(f"{what}: {error}") from error
    if not isinstance(whole, dict):
        raise BadEnvelope(f"{what}: no JSON object")
    return whole
