"""The fallback engine: one greenlet per attempt, plain blocking code. Slower, and independent of the native one.

The sender's process is monkey-patched when this module is imported; nothing else of ours is.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import socket  # noqa: E402 - after the patch, by design
import ssl  # noqa: E402

import dns.exception  # noqa: E402
import dns.message  # noqa: E402
import dns.query  # noqa: E402
import dns.rcode  # noqa: E402
import dns.rdatatype  # noqa: E402
import gevent  # noqa: E402
import gevent.pool  # noqa: E402
import gevent.queue  # noqa: E402

from loadtests.answer import Answer, BadAnswer  # noqa: E402
from loadtests.attempt import Attempt, Lookup, Result, Step  # noqa: E402
from loadtests.native import Service  # noqa: E402
from results.clock import Clock  # noqa: E402

_CHUNK = 1 << 16


class GeventEngine:
    """See `loadtests.attempt.Engine`. Sessions are not resumed here; the evidence says so."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=str(service.ca_file))
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._ended: gevent.queue.SimpleQueue = gevent.queue.SimpleQueue()
        self._lookups: list[Lookup] = []
        self._kept: dict[int, tuple[ssl.SSLSocket, str]] = {}
        self._group = gevent.pool.Group()

    @property
    def in_flight(self) -> int:
        return int(len(self._group) + self._ended.qsize())

    @property
    def connections(self) -> int:
        return len(self._group) + len(self._kept)

    def begin(self, attempt: Attempt) -> None:
        self._group.spawn(self._carry, attempt)

    def run(self, step: Step) -> None:
        ended: list[Result] = []
        while (until_ns := step(ended)) is not None:
            ended = self._wait(until_ns)

    def _wait(self, until_ns: int) -> list[Result]:
        results = []
        left = max(0.0, (until_ns - self._clock.now_ns()) / 1e9)
        try:
            results.append(self._ended.get(timeout=max(0.0005, left)))
            while True:
                results.append(self._ended.get_nowait())
        except gevent.queue.Empty:
            return results

    def lookups(self) -> list[Lookup]:
        done, self._lookups = self._lookups, []
        return done

    def close(self) -> None:
        self._group.kill()
        for wire, _ in self._kept.values():
            wire.close()

    def _carry(self, attempt: Attempt) -> None:
        result = Result(attempt)
        result.error = self._try(attempt, result)
        result.t_done = self._clock.now_ns()
        self._ended.put(result)

    def _try(self, attempt: Attempt, result: Result) -> str:
        kept = self._kept.pop(attempt.keeper, None) if attempt.keeper is not None else None
        if kept is not None:
            wire, result.address = kept
            result.connection, result.t_connected = "reused", self._clock.now_ns()
        else:
            address = attempt.address or self._resolve(attempt)
            if not address:
                return "dns"
            result.address, result.connection = address, "new"
            made = self._connect(attempt, address, result)
            if isinstance(made, str):
                return made
            wire = made
        error, close = self._exchange(wire, attempt, result)
        if error or close or attempt.keeper is None or attempt.keeper in self._kept:
            wire.close()
        else:
            self._kept[attempt.keeper] = (wire, result.address)
        return error

    def _resolve(self, attempt: Attempt) -> str:
        server, port = self._service.resolvers[attempt.resolver]
        asked, address, ttl, answered = self._clock.now_ns(), "", 0, 0
        rcode = "timeout"
        for _ in range(3):
            query = dns.message.make_query(self._service.host, dns.rdatatype.A)
            try:
                answer = dns.query.udp(query, server, port=port, timeout=1, source=attempt.source)
            except (dns.exception.DNSException, OSError):
                continue
            rcode, answered = dns.rcode.to_text(answer.rcode()), self._clock.now_ns()
            for records in answer.answer:
                if records.rdtype == dns.rdatatype.A:
                    address, ttl = str(records[0].address), records.ttl
            break
        self._lookups.append(
            Lookup(asked, answered, attempt.resolver, attempt.client, attempt.patient, address, ttl, rcode)
        )
        return address

    def _connect(self, attempt: Attempt, address: str, result: Result) -> ssl.SSLSocket | str:
        source = (attempt.source, 0) if attempt.source else None
        try:
            plain = socket.create_connection(
                (address, self._service.port), self._service.connect_timeout_s, source_address=source
            )
        except TimeoutError:
            return "connect-timeout"
        except ConnectionRefusedError:
            return "refused"
        except OSError:
            return "unreachable"
        try:
            wire = self._tls.wrap_socket(plain, server_hostname=self._service.host)
        except TimeoutError:
            plain.close()
            return "connect-timeout"
        except OSError:
            plain.close()
            return "tls"
        result.t_connected = self._clock.now_ns()
        result.tls = "resumed" if wire.session_reused else "full"
        return wire

    def _exchange(self, wire: ssl.SSLSocket, attempt: Attempt, result: Result) -> tuple[str, bool]:
        answer = Answer()
        wire.settimeout(self._service.request_timeout_s)
        result.t_sent = self._clock.now_ns()
        try:
            wire.sendall(attempt.request)
            while not answer.whole:
                data = wire.recv(_CHUNK)
                if data:
                    answer.feed(data)
                    continue
                answer.end()
                if not answer.whole:
                    return "eof", True
        except TimeoutError:
            return "timeout", True
        except BadAnswer:
            return "protocol", True
        except OSError:
            return "reset", True
        result.status, result.headers = answer.status, answer.headers
        return "", answer.close
