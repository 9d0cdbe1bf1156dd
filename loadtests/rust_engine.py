"""The lean engine: full handshakes in Rust (pyreqwest, rustls), at about half the CPU; everything else by the native engine.

What a library does not show, it cannot put on record: with this engine an attempt has no times of connection and sending, and no
kind of handshake. Its errors still tell what counts: an attempt that failed while connecting was certainly not applied; any other
failure is one that nobody knows the end of. Clients that keep their connection or resume a session go through `loadtests.native`,
which has control of both.

rustls resumes a session whenever it has one for the name it dials; a name of its own for each connection, out of a few hundred
under the service's wildcard certificate, keeps handshakes full.
"""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any

import uvloop
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, PyreqwestError

from loadtests.attempt import Attempt, Lookup, Result, Step
from loadtests.dns_client import ResolverClient
from loadtests.native import NativeEngine, Service
from results.clock import Clock

_NAMES = 600  # more than the sessions that rustls keeps (256)
_GATHER_NS = 3_000_000  # what ends so soon after another is handed over with it


class RustEngine:
    """See `loadtests.attempt.Engine`. `wildcard`: suffix of the names that the service's certificate covers."""

    def __init__(self, service: Service, clock: Clock, wildcard: str) -> None:
        self._service, self._clock, self._wildcard = service, clock, wildcard
        self._native = NativeEngine(service, clock)
        self._loop = uvloop.new_event_loop()
        self._loop.set_exception_handler(self._broken)
        self._loop.add_reader(self._native.fileno(), self._pump)
        self._ca = service.ca_file.read_bytes()
        self._clients: dict[tuple[str | None, str], Client] = {}
        self._resolvers: dict[tuple[str, str | None], ResolverClient] = {}
        self._lookups: list[Lookup] = []
        self._ended: list[Result] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._step: Step | None = None
        self._timer: asyncio.Handle | None = None
        self._due_ns = 0
        self._error: BaseException | None = None
        self._number = 0
        self._flying = 0

    @property
    def in_flight(self) -> int:
        return self._flying + self._native.in_flight

    @property
    def connections(self) -> int:
        return self._flying + self._native.connections

    def lookups(self) -> list[Lookup]:
        done, self._lookups = self._lookups, []
        return done + self._native.lookups()

    def begin(self, attempt: Attempt) -> None:
        if attempt.keeper is not None or attempt.resume:
            self._native.begin(attempt)
            return
        self._flying += 1
        if attempt.address is not None:
            self._carry_soon(attempt, attempt.address)
        else:
            self._resolve(attempt)

    def run(self, step: Step) -> None:
        self._step = step
        self._loop.call_soon(self._tick)
        self._loop.run_forever()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self._native.close()
        for resolver in self._resolvers.values():
            resolver.close()

    def _tick(self) -> None:
        now = self._clock.now_ns()
        for resolver in self._resolvers.values():
            resolver.expire(now)
        self._pump()
        ended, self._ended = self._ended, []
        try:
            until = self._step(ended) if self._step is not None else None
        except BaseException as error:  # noqa: BLE001 - handed on by `run`: a loop would only log it
            until, self._error = None, error
        if until is None:
            self._loop.stop()
            return
        self._tick_at(until)

    def _broken(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An error in a callback or a task would leave an upload in flight for ever: it ends the run instead."""
        self._error = context.get("exception") or RuntimeError(str(context.get("message")))
        self._loop.stop()

    def _pump(self) -> None:
        """Let the native engine do what is ready now."""
        for result in self._native.wait(self._clock.now_ns()):
            self._hand_over(result)

    def _hand_over(self, result: Result) -> None:
        if not self._ended and self._due_ns > self._clock.now_ns() + _GATHER_NS:
            self._tick_at(self._clock.now_ns() + _GATHER_NS)
        self._ended.append(result)

    def _tick_at(self, due_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_ns = due_ns
        # whole milliseconds, rounded up: the loop would round down and spin
        wait_ms = math.ceil(max(0, due_ns - self._clock.now_ns()) / 1e6)
        self._timer = self._loop.call_later(wait_ms / 1000, self._tick)

    def _resolve(self, attempt: Attempt) -> None:
        place = (attempt.resolver, attempt.source)
        resolver = self._resolvers.get(place)
        if resolver is None:
            server = self._service.resolvers[attempt.resolver]
            resolver = self._resolvers[place] = ResolverClient(self._service.host, server, attempt.source)
            self._loop.add_reader(resolver.fileno(), resolver.receive)
        asked = self._clock.now_ns()

        def done(address: str, ttl: int, rcode: str) -> None:
            answered = 0 if rcode == "timeout" else self._clock.now_ns()
            self._lookups.append(
                Lookup(asked, answered, attempt.resolver, attempt.client, attempt.patient, address, ttl, rcode)
            )
            if address:
                self._carry_soon(attempt, address)
            else:
                self._end(Result(attempt), "dns")

        resolver.ask(asked, done)

    def _carry_soon(self, attempt: Attempt, address: str) -> None:
        task = self._loop.create_task(self._carry(attempt, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, attempt: Attempt, address: str) -> None:
        result = Result(attempt, address=address, connection="new")
        head, _, body = attempt.request.partition(b"\r\n\r\n")
        lines = (line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        headers = [(name, value) for name, value in lines if name != "Content-Length"]
        self._number = (self._number + 1) % _NAMES
        url = f"https://p{self._number}.{self._wildcard}:{self._service.port}/fhir"
        try:
            request = self._client(attempt.source, address).post(url).headers(headers).body_bytes(body).build()
            answer = await request.send()
            await answer.bytes()
        except (ConnectError, ConnectTimeoutError):
            self._end(result, "connect-timeout")
            return
        except PyreqwestError as error:
            # whether a byte left is not known, so the cautious answer is that one may have
            result.t_sent = self._clock.now_ns()
            self._end(result, "timeout" if "Timeout" in type(error).__name__ else "reset")
            return
        result.status = answer.status
        result.headers = {name.lower(): value for name, value in answer.headers.items()}
        self._end(result, "")

    def _end(self, result: Result, error: str) -> None:
        result.t_done, result.error = self._clock.now_ns(), error
        self._flying -= 1
        self._hand_over(result)

    def _client(self, source: str | None, address: str) -> Client:
        """One client per distance and address: building one costs milliseconds, and it is bound to both."""
        client = self._clients.get((source, address))
        if client is None:
            service = self._service
            builder = (
                ClientBuilder()
                .add_root_certificate_pem(self._ca)
                .http1_only()
                .no_proxy()
                .local_address(source)
                .pool_max_idle_per_host(0)
                .connect_timeout(timedelta(seconds=service.connect_timeout_s))
                .timeout(timedelta(seconds=service.connect_timeout_s + service.request_timeout_s))
                .runtime_multithreaded(False)
            )
            for number in range(_NAMES):
                builder = builder.resolve(f"p{number}.{self._wildcard}", address, service.port)
            client = self._clients[source, address] = builder.build()
        return client
