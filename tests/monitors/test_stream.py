"""The monitor of the live stream: content with the lab's, and a failed look in bounded time for whatever else answers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import pki
from lab.services.analysis import HOST
from monitors.exchange import PATIENCE_S
from monitors.place import Place
from monitors.stream import LiveStream
from results.clock import Clock
from targets.model import Stream, Target
from tests.lab.running import RunningLab, eventually
from tests.targets.target import description

HOME = Path(__file__).resolve().parent.parent.parent
BOUND_S = 4 * PATIENCE_S  # room for a busy machine; without a bound the worst of these would take for ever
Answer = Callable[["Service", int, str], None]


class Service:
    """One connection of a client to a stream that answers as a test wants it to."""

    def __init__(self, wire: ssl.SSLSocket) -> None:
        self.wire = wire

    def upgrade(self, head: bytes) -> None:
        key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")).split()[1]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324 - RFC 6455
        lines = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade")
        self.wire.sendall(b"\r\n".join((*lines, b"Sec-WebSocket-Accept: " + accept, b"", b"")))

    def send(self, payload: bytes, opcode: int = 1) -> None:
        assert len(payload) < 1 << 16
        length = bytes([len(payload)]) if len(payload) < 126 else bytes([126]) + len(payload).to_bytes(2, "big")
        self.wire.sendall(bytes([0x80 | opcode]) + length + payload)

    def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of a client's frame. Raises EOFError when it is gone."""
        first, length = self._read(2)
        length &= 0x7F
        if length == 126:
            length = int.from_bytes(self._read(2), "big")
        mask, payload = self._read(4), self._read(length)
        return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))

    def _read(self, count: int) -> bytes:
        read = b""
        while len(read) < count:
            part = self.wire.recv(count - len(read))
            if not part:
                raise EOFError
            read += part
        return read


@contextlib.contextmanager
def served(folder: Path, answer: Answer, upgrade: Callable[[Service, bytes], None] = Service.upgrade) -> Iterator[Any]:
    """A TLS server under the stream's name; `answer(service, connection's number, sequence number)` at each reading.

    Yields its port and what it counted: ``opcodes`` of all frames, ``connections``.
    """
    keys = pki.make_keys(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.certificate, keys.key)
    listener = socket.create_server(("127.0.0.1", 0))
    seen: dict[str, list[int]] = {"opcodes": [], "connections": []}
    open_wires: list[socket.socket] = []

    def converse(plain: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, EOFError), context.wrap_socket(plain, server_side=True) as wire:
            open_wires.append(wire)
            service, head = Service(wire), b""
            while b"\r\n\r\n" not in head:
                head += service._read(1)
            upgrade(service, head)
            while True:
                opcode, payload = service.receive()
                seen["opcodes"].append(opcode)
                if opcode == 1:
                    answer(service, number, json.loads(payload)["identifier"][0]["value"])

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener is closed: that is the end
            while True:
                plain, _ = listener.accept()
                seen["connections"].append(1)
                threading.Thread(target=converse, args=(plain, len(seen["connections"])), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for wire in open_wires:
            wire.close()


def finding(seq: str, outcome: str = "regular") -> bytes:
    return json.dumps(
        {
            "resourceType": "RiskAssessment",
            "basis": [{"identifier": {"system": "urn:zweitherz:seq", "value": seq}}],
            "extension": [{"url": "urn:zweitherz:outcome", "valueCode": outcome}],
        }
    ).encode()


def good(service: Service, _: int, seq: str) -> None:
    service.send(finding(seq))


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], LiveStream]]:
    """Makes a monitor of the stream at a port of the loopback, where all names lead."""
    made: list[LiveStream] = []
    monkeypatch.setattr(Place, "resolve", lambda *_: "127.0.0.1")

    def make(port: int) -> LiveStream:
        keys = pki.keys(tmp_path)
        service = {"host": "vitals.heart.test", "ca_file": keys.ca, "active": "fra"}
        whole = description(service=service, secrets={"token_key_file": keys.token_key})
        place = Place(Target.model_validate(whole), Clock.anchored_now())
        made.append(LiveStream(place, 1, Stream(host=HOST, port=port)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_good_looks_share_one_connection_and_the_end_takes_leave(tmp_path: Path, monitor: Any) -> None:
    with served(tmp_path, good) as (port, seen):
        watching = monitor(port)
        looks = [watching.look() for _ in range(5)]
        assert [look.why for look in looks] == [""] * 5
        assert looks[-1].figures["latency_ms"] > 0
        assert looks[-1].figures["reconnects"] == 0
        assert len(seen["connections"]) == 1
        watching.close()
        eventually(lambda: seen["opcodes"] == [1] * 5 + [8], 5)


def _close(service: Service, *_: Any) -> None:
    service.send((4401).to_bytes(2, "big"), 8)


def _hang_up(service: Service, *_: Any) -> None:
    service.wire.close()


def _drip(service: Service, *_: Any) -> None:
    for byte in b"\x81\x7e\x40\x00" + b" " * 200:
        service.wire.sendall(bytes([byte]))
        time.sleep(PATIENCE_S / 10)


def _ping_for_ever(service: Service, *_: Any) -> None:
    while True:
        service.send(b"", 9)
        time.sleep(PATIENCE_S / 50)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (lambda service, *_: service.send(b"<html>a proxy</html>"), "answer: no finding"),
        (lambda service, *_: service.send(b"[" * 60_000), "answer: no finding"),
        (lambda service, *_: service.send(b"7"), "answer: no finding"),
        (lambda service, *_: service.send(b'{"resourceType": "OperationOutcome"}'), "answer: no finding"),
        (lambda service, *_: service.send(finding("17")), "answer: the finding on another reading"),
        (lambda service, _, seq: service.send(finding(seq, "irregular")), "a regular heart rate was not found regular"),
        (lambda service, *_: service.send(b"\xff\xff"), "answer: "),
        (lambda service, *_: service.send(b"\xff\xff", 2), "answer: no finding"),
        (lambda service, *_: service.wire.sendall(b"\xff" * 20), "answer: "),
        (lambda *_: None, "answer: "),
        (_close, "answer: closed by the service with 4401"),
        (_hang_up, "answer: "),
        (_drip, "answer: "),
        (_ping_for_ever, "answer: "),
    ],
    ids=[
        *("proxy", "deep", "number", "outcome", "other reading", "irregular", "not utf-8", "binary", "garbage"),
        *("hangs", "closes", "hangs up", "drips", "pings"),
    ],
)
def test_what_is_no_finding_is_a_failed_look_in_bounded_time_and_the_next_look_recovers(
    tmp_path: Path, monitor: Any, bad: Answer, why: str
) -> None:
    def answer(service: Service, connection: int, seq: str) -> None:
        if connection == 1 and int(seq) > 1:
            bad(service, connection, seq)
        else:
            good(service, connection, seq)

    with served(tmp_path, answer) as (port, seen):
        watching = monitor(port)
        assert watching.look().ok
        begun = time.monotonic()
        look = watching.look()
        assert time.monotonic() - begun < BOUND_S
        assert (look.ok, why in look.why) == (False, True), look.why
        after = watching.look()
        assert (after.ok, after.figures["reconnects"]) == (True, 1), after.why
        assert len(seen["connections"]) == 2


def _says(reply: bytes) -> Callable[[Service, bytes], None]:
    return lambda service, _: service.wire.sendall(reply)


@pytest.mark.parametrize(
    ("upgrade", "why"),
    [
        (_says(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"), "upgrade: status 401"),
        (_says(b"HTTP/1.1 302 Found\r\nLocation: wss://elsewhere.test/\r\n\r\n"), "upgrade: "),
        (_says(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"), "upgrade: "),
        (_says(b"\xff\xfe nonsense\r\n\r\n"), "upgrade: "),
        (_says(b"HTTP/1.1 what\r\n\r\n"), "upgrade: "),
        (lambda *_: None, "upgrade: "),
    ],
    ids=["refused", "redirected", "endless", "bytes", "nonsense", "hangs"],
)
def test_an_upgrade_that_fails_is_a_failed_look_in_bounded_time(
    tmp_path: Path, monitor: Any, upgrade: Any, why: str
) -> None:
    with served(tmp_path, good, upgrade) as (port, _):
        begun = time.monotonic()
        look = monitor(port).look()
        assert time.monotonic() - begun < BOUND_S
        assert (look.ok, why in look.why, "\n" in look.why) == (False, True, False), look.why


def test_nobody_there_is_a_failed_look_and_no_reconnect(tmp_path: Path, monitor: Any) -> None:
    with served(tmp_path, good) as (port, _):
        pass
    look = monitor(port).look()
    assert look.why.startswith("connect: ")
    assert look.figures == {"reconnects": 0}


@pytest.mark.lab
def test_the_process_looks_at_the_labs_stream_and_closes_it_at_its_end(lab: RunningLab) -> None:
    command = [sys.executable, "-m", "monitors", "--target", str(lab.up.target), "--site", "gra"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=HOME) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines += [line] if "stream" in line else []
            if len(lines) == 3:
                break
        process.send_signal(signal.SIGTERM)
        rest, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, ""), rest
    assert all(line.split()[:2] == ["ok", "stream"] for line in lines), lines
    assert "reconnects 0.0" in lines[-1]
