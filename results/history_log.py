"""The history of one sending worker: append-only, readable after any death of its writer.

::

    file    magic, record, record, …
    record  kind (1 byte), length of payload (2 bytes), payload, CRC-32 of all before it in the record (4 bytes)
    kinds   name: gives a short text a number, before its first use
            invoke: an attempt is about to start; written (and handed to the kernel) before any byte leaves
            complete: how an attempt ended
            unsent: an operation that was due and never attempted when the worker ended

A record that was cut off at the end of the file is left out, and its attempt is then one that nobody knows the end of. A
damaged record in the middle raises DamagedHistory: evidence is not guessed.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LOGS = "history/log"
MAGIC = b"ZWHIST1\n"
_HEAD = struct.Struct("<BH")
_CRC = struct.Struct("<I")
_NAME, _INVOKE, _COMPLETE, _UNSENT = 1, 2, 3, 4
_NUMBER = struct.Struct("<H")
_INVOKED = struct.Struct("<qQhHHHHHqqq")
_COMPLETED = struct.Struct("<qhHHHqqqHhHHHHq")
NEVER = 0  # a time that did not happen
UNKNOWN = -1  # a number that is not known


class DamagedHistory(ValueError):
    """A record that cannot be read: names file and offset."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One attempt about to start, or (kind unsent, attempt 0) an operation that never was attempted. Times in ns."""

    op: int
    digest: int
    attempt: int
    signal: str
    region: str
    distance: str
    resolver: str
    client: str
    t_intended: int
    t_scheduled: int
    t_dispatched: int


@dataclass(frozen=True, slots=True)
class Completion:
    """How an attempt ended. Empty text, time NEVER, number UNKNOWN: there was none."""

    op: int
    attempt: int
    t_done: int
    outcome: str
    address: str = ""
    connection: str = ""
    tls: str = ""
    t_connected: int = NEVER
    t_sent: int = NEVER
    status: int = UNKNOWN
    error: str = ""
    site: str = ""
    role: str = ""
    version: str = ""
    ack: int = UNKNOWN


def log_path(run: Path, worker: int) -> Path:
    """Where a worker appends."""
    return run / LOGS / f"worker-{worker:03d}.hlog"


class HistoryWriter:
    """Writes one file. Each call is one write to the kernel: a killed process loses nothing it has written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._names: dict[str, int] = {"": 0}
        self.rows = 0  # attempts, and operations never attempted: so many rows has the table that is made of it
        os.write(self._fd, MAGIC)

    def invoke(self, invocations: Iterable[Invocation]) -> None:
        """Write these before anything of them is sent."""
        self._write(_INVOKE, map(self._invoked, invocations))

    def complete(self, completions: Iterable[Completion]) -> None:
        self._write(_COMPLETE, map(self._completed, completions))

    def unsent(self, invocations: Iterable[Invocation]) -> None:
        """Operations that were due and never attempted."""
        self._write(_UNSENT, map(self._invoked, invocations))

    def sync(self) -> None:
        """Put it on the disk itself."""
        os.fsync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _write(self, kind: int, payloads: Iterable[tuple[list[bytes], bytes]]) -> None:
        parts = []
        for names, payload in payloads:
            parts += names
            parts.append(_record(kind, payload))
        if parts:
            data = b"".join(parts)
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])

    def _number(self, text: str, names: list[bytes]) -> int:
        number = self._names.get(text)
        if number is None:
            number = self._names[text] = len(self._names)
            names.append(_record(_NAME, _NUMBER.pack(number) + text.encode()))
        return number

    def _invoked(self, row: Invocation) -> tuple[list[bytes], bytes]:
        self.rows += 1
        names: list[bytes] = []
        numbers = [self._number(t, names) for t in (row.signal, row.region, row.distance, row.resolver, row.client)]
        packed = _INVOKED.pack(
            row.op, row.digest, row.attempt, *numbers, row.t_intended, row.t_scheduled, row.t_dispatched
        )
        return names, packed

    def _completed(self, row: Completion) -> tuple[list[bytes], bytes]:
        names: list[bytes] = []
        number = self._number
        packed = _COMPLETED.pack(
            *(row.op, row.attempt, number(row.address, names), number(row.connection, names), number(row.tls, names)),
            *(row.t_connected, row.t_sent, row.t_done, number(row.outcome, names), row.status),
            *(number(row.error, names), number(row.site, names), number(row.role, names), number(row.version, names)),
            row.ack,
        )
        return names, packed


def read_history(path: Path) -> Iterator[tuple[str, Invocation | Completion]]:
    """Records in the order written, as ("invoke" | "complete" | "unsent", row). Raises DamagedHistory."""
    data = path.read_bytes()
    if data[: len(MAGIC)] != MAGIC:
        if MAGIC.startswith(data):
            return  # cut off while it was made
        raise DamagedHistory(f"{path.name}: not a history (it begins with {data[:8]!r})")
    names, at, end = {0: ""}, len(MAGIC), len(data)
    while at + _HEAD.size <= end:
        kind, length = _HEAD.unpack_from(data, at)
        body = at + _HEAD.size
        after = body + length + _CRC.size
        if after > end:
            return  # cut off in the middle of the last write
        if _CRC.unpack_from(data, body + length)[0] != zlib.crc32(data[at : body + length]):
            raise DamagedHistory(f"{path.name}: damaged record at byte {at}")
        if kind == _NAME:
            names[_NUMBER.unpack_from(data, body)[0]] = data[body + _NUMBER.size : body + length].decode()
        elif kind in (_INVOKE, _UNSENT):
            op, digest, attempt, *numbers, intended, scheduled, dispatched = _INVOKED.unpack_from(data, body)
            signal, region, distance, resolver, client = (names[number] for number in numbers)
            yield (
                "invoke" if kind == _INVOKE else "unsent",
                Invocation(
                    *(op, digest, attempt),
                    *(signal, region, distance, resolver, client),
                    *(intended, scheduled, dispatched),
                ),
            )
        elif kind == _COMPLETE:
            yield "complete", _completion(_COMPLETED.unpack_from(data, body), names)
        else:
            raise DamagedHistory(f"{path.name}: unknown record kind {kind} at byte {at}")
        at = after


def _completion(values: tuple[int, ...], names: dict[int, str]) -> Completion:
    op, attempt, address, connection, tls, connected, sent, done, outcome, status, error, site, role, version, ack = (
        values
    )
    return Completion(
        op=op,
        attempt=attempt,
        t_done=done,
        outcome=names[outcome],
        address=names[address],
        connection=names[connection],
        tls=names[tls],
        t_connected=connected,
        t_sent=sent,
        status=status,
        error=names[error],
        site=names[site],
        role=names[role],
        version=names[version],
        ack=ack,
    )


def _record(kind: int, payload: bytes) -> bytes:
    body = _HEAD.pack(kind, len(payload)) + payload
    return body + _CRC.pack(zlib.crc32(body))
