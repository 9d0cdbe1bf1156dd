"""The live stream: keeps one WebSocket open as an app would, sends a reading at each look and wants its finding on it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import cast

from websocket import ABNF, WebSocket, WebSocketBadStatusException, WebSocketException, create_connection

from monitors.deadline import DeadlineSocket
from monitors.exchange import PATIENCE_S, BrokenPromise, Unanswered, dial, told, verified
from monitors.look import Look
from monitors.patient import TestPatient
from monitors.place import Place
from targets.model import Stream

_VALID_S = 3600
_RENEW_AFTER_S = _VALID_S - 60  # the service closes a stream whose token has ended; an app gets a new one in time


@dataclass(frozen=True)
class _Connection:
    """`since_s` on the monotonic clock."""

    socket: WebSocket
    wire: DeadlineSocket
    since_s: float


class LiveStream:
    """Fails when the stream breaks, is closed, or answers anything but the finding in time; the next look connects anew.

    figures: latency_ms (from the reading to its finding, and before it the connecting, if this look had to),
    reconnects (since the start, because the stream was gone)
    """

    name, period_s = "stream", 1.0

    def __init__(self, place: Place, number: int, stream: Stream) -> None:
        """`number`: which of the test patients; each place has its own."""
        self._place, self._stream = place, stream
        self._tls = verified(place.target.service.ca_file)
        self._tls.sslsocket_class = DeadlineSocket
        self._patient = TestPatient(place.target, number)
        self._open: _Connection | None = None
        self._lost = False
        self._reconnects = self._seq = 0

    def look(self) -> Look:
        self._seq += 1
        begun = time.monotonic()
        try:
            self._must_be_ours(self._ask(self._connected()))
        except (Unanswered, BrokenPromise) as error:
            self._drop()
            return Look(ok=False, why=str(error), figures={"reconnects": self._reconnects})
        figures = {"latency_ms": (time.monotonic() - begun) * 1000, "reconnects": float(self._reconnects)}
        return Look(ok=True, figures=figures)

    def close(self) -> None:
        """Take leave of the service, within a bounded time whether it answers or not."""
        if self._open is not None:
            self._open.wire.end_within(PATIENCE_S)
            self._open.socket.close()
            self._open = None

    def _drop(self) -> None:
        """Without a word to a service that does not keep its own."""
        if self._open is not None:
            self._open.wire.close()
            self._open, self._lost = None, True

    def _connected(self) -> _Connection:
        """The stream that is open, or a new one. Raises Unanswered."""
        if self._open is not None and time.monotonic() - self._open.since_s > _RENEW_AFTER_S:
            self.close()
        if self._open is None:
            self._open = self._connect()
            self._reconnects += self._lost
            self._lost = False
        return self._open

    def _connect(self) -> _Connection:
        host, port = self._stream.host, self._stream.port
        wire = cast(DeadlineSocket, dial(self._place, self._tls, host, port))  # the context makes no others
        wire.end_within(PATIENCE_S)
        try:
            socket = create_connection(
                f"wss://{host}:{port}{self._stream.path}/stream",
                PATIENCE_S,
                socket=wire,
                header=[f"Authorization: {self._patient.bearer(_VALID_S)}"],
                suppress_origin=True,
                redirect_limit=0,  # the token is for this host alone
            )
        except (OSError, WebSocketException, ValueError) as error:
            wire.close()
            status = error.status_code if isinstance(error, WebSocketBadStatusException) else None
            raise Unanswered(f"upgrade: {told(error) if status is None else f'status {status}'}") from error
        return _Connection(socket, wire, time.monotonic())

    def _ask(self, connection: _Connection) -> bytes:
        """Send the next reading; what came back. Raises Unanswered."""
        connection.wire.end_within(PATIENCE_S)
        try:
            connection.socket.send_text(json.dumps(self._patient.observation(self._seq)))
            kind, said = connection.socket.recv_data()
        except (OSError, WebSocketException, ValueError) as error:
            raise Unanswered(f"answer: {told(error)}") from error
        if kind == ABNF.OPCODE_CLOSE:
            raise Unanswered(f"answer: closed by the service with {int.from_bytes(said[:2], 'big') or 'no code'}")
        return bytes(said)

    def _must_be_ours(self, said: bytes) -> None:
        """See that it is the finding on the reading just sent. Raises BrokenPromise."""
        try:
            whole = json.loads(said)
            kind = whole["resourceType"]
            seq = whole["basis"][0]["identifier"]["value"]
            outcomes = [each["valueCode"] for each in whole["extension"] if each["url"] == "urn:zweitherz:outcome"]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise BrokenPromise("answer: no finding") from error
        if kind != "RiskAssessment" or len(outcomes) != 1:
            raise BrokenPromise("answer: no finding")
        if seq != str(self._seq):
            raise BrokenPromise("answer: the finding on another reading")
        if outcomes[0] != "regular":
            raise BrokenPromise("answer: a regular heart rate was not found regular")
