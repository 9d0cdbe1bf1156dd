"""The native engine: one epoll loop over non-blocking sockets, TLS by the standard library.

Measured against libcurl (0.65 ms CPU per upload with a full handshake) it costs the same, and it knows what a library hides:
when the handshake ended, whether a byte left, whether the session was resumed.

::

    resolving ── connecting ── handshaking ── sending ── reading ── ended
                                                 ^                    │
                                                 └── kept open ───────┘   (clients that keep their connection)
"""

from __future__ import annotations

import errno
import heapq
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.answer import Answer, BadAnswer
from loadtests.attempt import Attempt, Lookup, Result, Step
from loadtests.dns_client import ResolverClient
from results.clock import Clock

_RESOLVING, _CONNECTING, _SHAKING, _SENDING, _READING, _IDLE, _ENDED = range(7)
_CHUNK = 1 << 16
_KEPT_SESSIONS = 4  # by address
_REFUSED = {errno.ECONNREFUSED, errno.ECONNRESET}


@dataclass(frozen=True)
class Service:
    """Whom the engine talks to, and how long it waits. `resolvers` are (address, port) by name."""

    host: str
    port: int
    ca_file: Path
    resolvers: Mapping[str, tuple[str, int]]
    connect_timeout_s: float
    request_timeout_s: float
    verify: bool = True  # False: the known-bad client that takes any certificate
    away_s: float = 0  # above 0: the known-bad client that stays away for so long after it lost the connection it kept


@dataclass(eq=False, slots=True)
class _Flight:
    """One attempt and its connection."""

    attempt: Attempt
    result: Result
    state: int = _RESOLVING
    wire: socket.socket | ssl.SSLSocket | None = None
    fd: int = -1
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    answer: Answer = field(default_factory=Answer)


class NativeEngine:
    """See `loadtests.attempt.Engine`."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=str(service.ca_file))
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        if not service.verify:
            self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE
        self._epoll = select.epoll()
        self._by_fd: dict[int, _Flight] = {}
        self._clients: dict[tuple[str, str | None], ResolverClient] = {}
        self._clients_by_fd: dict[int, ResolverClient] = {}
        self._kept: dict[int, _Flight] = {}
        self._away: dict[int, int] = {}
        self._deadlines: list[tuple[int, int, _Flight, int]] = []
        self._serial = 0
        self._sessions: dict[str, list[ssl.SSLSession]] = {}
        self._ended: list[Result] = []
        self._lookups: list[Lookup] = []
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @property
    def connections(self) -> int:
        return len(self._by_fd)

    def fileno(self) -> int:
        """Readable when `wait` has something to do."""
        return self._epoll.fileno()

    def lookups(self) -> list[Lookup]:
        done, self._lookups = self._lookups, []
        return done

    def begin(self, attempt: Attempt) -> None:
        self._in_flight += 1
        flight = _Flight(attempt, Result(attempt))
        kept = self._kept.pop(attempt.keeper, None) if attempt.keeper is not None else None
        if kept is not None and kept.wire is not None:
            self._reuse(flight, kept)
        elif self._away and self._away.get(attempt.patient, 0) > self._clock.now_ns():
            self._end(flight, "unreachable")
        elif attempt.address is not None:
            self._connect(flight, attempt.address)
        else:
            self._resolve(flight)

    def run(self, step: Step) -> None:
        ended: list[Result] = []
        while (until_ns := step(ended)) is not None:
            ended = self.wait(until_ns)

    def wait(self, until_ns: int) -> list[Result]:
        """Do the work of the network until something has ended, or until that time."""
        over = False
        while not self._ended and not over:
            now = self._clock.now_ns()
            over = now >= until_ns  # looks once all the same: a time that is over means "what is ready now"
            self._expire(now)
            if self._ended:
                break
            limit = min(until_ns, self._deadlines[0][0]) if self._deadlines else until_ns
            # whole milliseconds, rounded up: an early return would spin
            for fd, _ in self._epoll.poll(0 if over else max(0.001, (limit - now) / 1e9)):
                flight = self._by_fd.get(fd)
                if flight is not None:
                    self._advance(flight)
                elif fd in self._clients_by_fd:
                    self._clients_by_fd[fd].receive()
        ended, self._ended = self._ended, []
        return ended

    def close(self) -> None:
        for flight in list(self._by_fd.values()):
            self._drop(flight)
        for client in self._clients.values():
            client.close()
        self._epoll.close()

    # the way of an attempt

    def _resolve(self, flight: _Flight) -> None:
        attempt, asked = flight.attempt, self._clock.now_ns()
        client = self._client(attempt.resolver, attempt.source)

        def done(address: str, ttl: int, rcode: str) -> None:
            now = self._clock.now_ns()
            answered = 0 if rcode == "timeout" else now
            self._lookups.append(
                Lookup(asked, answered, attempt.resolver, attempt.client, attempt.patient, address, ttl, rcode)
            )
            if flight.state != _RESOLVING:
                return
            if address:
                self._connect(flight, address)
            else:
                self._end(flight, "dns")

        client.ask(asked, done)

    def _client(self, resolver: str, source: str | None) -> ResolverClient:
        client = self._clients.get((resolver, source))
        if client is None:
            client = ResolverClient(self._service.host, self._service.resolvers[resolver], source)
            self._clients[resolver, source] = client
            self._clients_by_fd[client.fileno()] = client
            self._epoll.register(client.fileno(), select.EPOLLIN)
        return client

    def _connect(self, flight: _Flight, address: str) -> None:
        flight.result.address, flight.result.connection = address, "new"
        wire = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if flight.attempt.source:
                wire.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
                wire.bind((flight.attempt.source, 0))
            wire.connect((address, self._service.port))
        except BlockingIOError:
            pass  # the usual answer: under way
        except OSError as error:
            wire.close()
            self._end(flight, "refused" if error.errno in _REFUSED else "unreachable")
            return
        self._watch(flight, wire, _CONNECTING, select.EPOLLOUT)
        self._limit(flight, self._service.connect_timeout_s)

    def _reuse(self, flight: _Flight, kept: _Flight) -> None:
        wire, fd = kept.wire, kept.fd
        kept.state, kept.wire = _ENDED, None
        flight.result.address, flight.result.connection = kept.result.address, "reused"
        flight.wire, flight.fd, flight.state = wire, fd, _SENDING
        self._by_fd[fd] = flight
        flight.result.t_connected = self._clock.now_ns()
        self._limit(flight, self._service.request_timeout_s)
        self._advance(flight)

    def _advance(self, flight: _Flight) -> None:
        """As far as it goes without waiting."""
        try:
            if flight.state == _CONNECTING:
                self._connected(flight)
            if flight.state == _SHAKING:
                self._shake(flight)
            if flight.state == _SENDING:
                self._send(flight)
            if flight.state == _READING:
                self._read(flight)
            elif flight.state == _IDLE:
                self._look_at_idle(flight)
        except ssl.SSLWantReadError:
            self._epoll.modify(flight.fd, select.EPOLLIN)
        except ssl.SSLWantWriteError:
            self._epoll.modify(flight.fd, select.EPOLLOUT)
        except ssl.SSLError:
            self._end(flight, "tls" if flight.state == _SHAKING else "reset")
        except BadAnswer:
            self._end(flight, "protocol")
        except OSError as error:
            if flight.state in (_CONNECTING, _SHAKING):
                kind = "refused" if flight.state == _CONNECTING and error.errno in _REFUSED else "unreachable"
                self._end(flight, "tls" if flight.state == _SHAKING else kind)
            else:
                self._end(flight, "reset")

    def _connected(self, flight: _Flight) -> None:
        wire = flight.wire
        if wire is None:
            return
        number = wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, "connect")
        address = flight.result.address
        sessions = self._sessions.get(address) if flight.attempt.resume else None
        # the newest: a server keeps few sessions, and forgets the oldest first
        session = sessions.pop() if sessions else None
        flight.wire = self._tls.wrap_socket(
            wire, do_handshake_on_connect=False, server_hostname=self._service.host, session=session
        )
        flight.state = _SHAKING

    def _shake(self, flight: _Flight) -> None:
        wire = flight.wire
        if not isinstance(wire, ssl.SSLSocket):
            return
        wire.do_handshake()
        flight.result.t_connected = self._clock.now_ns()
        flight.result.tls = "resumed" if wire.session_reused else "full"
        flight.state = _SENDING
        self._limit(flight, self._service.request_timeout_s)

    def _send(self, flight: _Flight) -> None:
        wire = flight.wire
        if wire is None:
            return
        if not flight.result.t_sent:
            flight.unsent = memoryview(flight.attempt.request)
            # from here on nobody can say that nothing left: the time is taken before, not after
            flight.result.t_sent = self._clock.now_ns()
        while flight.unsent:
            flight.unsent = flight.unsent[wire.send(flight.unsent) :]
        flight.state = _READING
        self._epoll.modify(flight.fd, select.EPOLLIN)

    def _read(self, flight: _Flight) -> None:
        wire = flight.wire
        if wire is None:
            return
        while not flight.answer.whole:
            data = wire.recv(_CHUNK)
            if data:
                flight.answer.feed(data)
                continue
            flight.answer.end()
            if not flight.answer.whole:
                self._end(flight, "eof")
                return
        flight.result.status, flight.result.headers = flight.answer.status, flight.answer.headers
        self._remember_session(flight, wire)
        self._end(flight, "")

    def _remember_session(self, flight: _Flight, wire: socket.socket | ssl.SSLSocket) -> None:
        """TLS 1.3 tickets are for one use each; a pool per address stands in for the phones' own caches.

        No bigger than what is asked of it: taking a session costs a quarter of a handshake (it parses the certificate once more).
        """
        if flight.result.connection == "new" and isinstance(wire, ssl.SSLSocket):
            kept = self._sessions.setdefault(flight.result.address, [])
            if len(kept) < _KEPT_SESSIONS and (session := wire.session) is not None and session.has_ticket:
                kept.append(session)

    def _look_at_idle(self, flight: _Flight) -> None:
        """Bytes or an end on a connection at rest: it is of no use any more."""
        if flight.wire is not None:
            flight.wire.recv(1)  # only a TLS record without data (a ticket) gets past this line, as SSLWantReadError
        self._forget(flight)

    # bookkeeping

    def _end(self, flight: _Flight, error: str) -> None:
        if flight.state == _IDLE:
            self._forget(flight)
            return
        result = flight.result
        result.t_done, result.error = self._clock.now_ns(), error
        keeper = flight.attempt.keeper
        if keeper is not None and not error and not flight.answer.close and keeper not in self._kept:
            flight.state = _IDLE
            self._kept[keeper] = flight
        else:
            self._drop(flight)
        self._in_flight -= 1
        self._ended.append(result)

    def _forget(self, flight: _Flight) -> None:
        """A connection at rest that its other end has given up."""
        if self._service.away_s:
            self._away[flight.attempt.patient] = self._clock.now_ns() + int(self._service.away_s * 1e9)
        if flight.attempt.keeper is not None and self._kept.get(flight.attempt.keeper) is flight:
            del self._kept[flight.attempt.keeper]
        self._drop(flight)

    def _drop(self, flight: _Flight) -> None:
        flight.state = _ENDED
        if flight.wire is not None:
            if self._by_fd.get(flight.fd) is flight:
                del self._by_fd[flight.fd]
            self._epoll.unregister(flight.fd)
            flight.wire.close()
            flight.wire = None

    def _watch(self, flight: _Flight, wire: socket.socket, state: int, events: int) -> None:
        flight.wire, flight.fd, flight.state = wire, wire.fileno(), state
        self._by_fd[flight.fd] = flight
        self._epoll.register(flight.fd, events)

    def _limit(self, flight: _Flight, seconds: float) -> None:
        """A limit for what comes until the next state but one: connecting and handshake, or request and answer."""
        self._serial += 1
        phase = _SHAKING if flight.state <= _SHAKING else _READING
        heapq.heappush(self._deadlines, (self._clock.now_ns() + int(seconds * 1e9), self._serial, flight, phase))

    def _expire(self, now: int) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, flight, phase = heapq.heappop(self._deadlines)
            if flight.state <= _SHAKING and phase == _SHAKING:
                self._end(flight, "connect-timeout")
            elif flight.state in (_SENDING, _READING) and phase == _READING:
                self._end(flight, "timeout")
        for client in self._clients.values():
            client.expire(now)


_IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: choose the port at connect, so that ports are not the limit
