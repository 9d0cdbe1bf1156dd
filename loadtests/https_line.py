"""One verified HTTPS connection that is kept and used again, every step within its time limit. For a thread: it blocks.

The name is asked for anew at each connection, and no connection is kept for long, so that whoever sends here follows a DNS
change as an app does.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from results.clock import Clock
from targets.model import Target

_KEPT_S = 30.0
_LONGEST = 1 << 20

Resolve = Callable[[str, float], str]  # a name, seconds at most -> an address; raises NoAddress


class NoAddress(OSError):
    """A name without an address: one line."""


@dataclass(slots=True)
class Reply:
    """How an exchange ended. Times in ns on the run's clock. Header names are in lower case.

    t_sent  request handed to the connection; 0: no byte of it left
    error   dns, refused, unreachable, connect-timeout, tls, reset, timeout, eof, protocol; "" with an answer
    """

    t_sent: int = 0
    t_done: int = 0
    error: str = ""
    status: int = -1
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class HttpsLine:
    """To one server, for one thread. Connecting takes in the question for the address and the TLS handshake."""

    def __init__(
        self,
        url: str,
        ca_file: Path,
        resolve: Resolve,
        clock: Clock,
        agent: str,
        connect_within_s: float = 2.0,
        answer_within_s: float = 5.0,
    ) -> None:
        place = urlsplit(url)
        self._host, self._port, self._prefix = place.hostname or "", place.port or 443, place.path.rstrip("/")
        self._authority, self._agent = place.netloc, agent
        self._context = ssl.create_default_context(cafile=str(ca_file))
        self._resolve, self._clock = resolve, clock
        self._connect_within_s, self._answer_within_s = connect_within_s, answer_within_s
        self._wire: ssl.SSLSocket | None = None
        self._kept_until = 0.0
        self._step = ""

    @property
    def patience_s(self) -> float:
        """Longest time that `post` takes."""
        return self._connect_within_s + self._answer_within_s

    def post(self, path: str, body: bytes, until: float) -> Reply:
        """Send JSON and read the answer, until that reading of ``time.monotonic`` at the latest. What fails is in the reply."""
        reply = Reply()
        head = (
            f"POST {self._prefix}{path} HTTP/1.1\r\nHost: {self._authority}\r\nUser-Agent: {self._agent}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            wire = self._connected(until)
            self._step = "answer"
            self._exchange(wire, head.encode() + body, min(until, time.monotonic() + self._answer_within_s), reply)
        except (OSError, http.client.HTTPException) as error:
            reply.error = _error_class(self._step, error)
            self.close()
        reply.t_done = self._clock.now_ns()
        return reply

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def _connected(self, until: float) -> ssl.SSLSocket:
        if self._wire is not None:
            # readable at rest means closed by the other side: a request on it would be lost, and nobody could tell
            if time.monotonic() < self._kept_until and not select.select([self._wire], [], [], 0)[0]:
                return self._wire
            self.close()
        until = min(until, time.monotonic() + self._connect_within_s)
        self._step = "dns"
        address = self._resolve(self._host, _left(until))
        self._step = "connect"
        plain = socket.create_connection((address, self._port), _left(until))
        self._step = "tls"
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_left(until))
            self._wire = self._context.wrap_socket(plain, server_hostname=self._host)
        except OSError:
            plain.close()
            raise
        self._kept_until = time.monotonic() + _KEPT_S
        return self._wire

    def _exchange(self, wire: ssl.SSLSocket, request: bytes, until: float, reply: Reply) -> None:
        unsent = memoryview(request)
        # from here on nobody can say that nothing left: the time is taken before, not after
        reply.t_sent = self._clock.now_ns()
        while unsent:
            wire.settimeout(_left(until))
            unsent = unsent[wire.send(unsent) :]
        # a file is all that HTTPResponse wants of a socket
        response = http.client.HTTPResponse(_Incoming(wire, until), method="POST")  # type: ignore[arg-type]
        response.begin()
        body = response.read(_LONGEST)
        if not response.isclosed() and response.read(1):
            raise http.client.HTTPException(f"an answer longer than {_LONGEST} bytes")
        reply.status, reply.body = response.status, body
        reply.headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()


class _Incoming(io.RawIOBase):
    """What arrives on a connection, until a deadline that holds for all of it: a server may send a byte now and then."""

    def __init__(self, wire: ssl.SSLSocket, until: float) -> None:
        self._wire, self._until = wire, until

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what BufferedReader hands over
        self._wire.settimeout(_left(self._until))
        return self._wire.recv_into(buffer)


def _left(until: float) -> float:
    """Seconds until then. Raises TimeoutError where there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left


def _error_class(step: str, error: Exception) -> str:
    late = isinstance(error, TimeoutError)
    if step == "dns":
        return "dns"
    if step == "connect":
        return "connect-timeout" if late else "refused" if isinstance(error, ConnectionError) else "unreachable"
    if step == "tls":
        return "connect-timeout" if late else "tls"
    if isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead | ssl.SSLEOFError):
        return "eof"
    if isinstance(error, http.client.HTTPException):
        return "protocol"
    return "timeout" if late else "reset"


def honest_resolver(target: Target) -> Resolve:
    """Asks the target's honest resolver (the first where none is known to be honest): getaddrinfo asks another network's."""
    server = next((each for each in target.resolvers if each.kind == "honest"), target.resolvers[0])

    def resolve(name: str, within_s: float) -> str:
        question = dns.message.make_query(name, dns.rdatatype.A)
        try:
            answer = dns.query.udp(question, server.address, within_s, server.port)
        except (dns.exception.DNSException, OSError) as error:
            raise NoAddress(f"{name}: resolver {server.name} gave no answer ({error})") from error
        for records in answer.answer:
            if records.rdtype == dns.rdatatype.A:
                return str(records[0].address)
        raise NoAddress(f"{name}: resolver {server.name} says {dns.rcode.to_text(answer.rcode())}, and no address")

    return resolve
