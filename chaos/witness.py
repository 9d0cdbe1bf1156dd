"""Stands outside both sites and looks: is a site reachable, what do the DNS servers answer? Never acts, never judges.

Several times a second it opens a TCP connection to each site and asks each authoritative server; once a second each resolver.
Every answer goes to ``lookups/witness.rows``; changes go to ``timeline/witness.jsonl`` and, one JSON object a line, to standard
output, where the experiment waits for them. It also looks for the target's own emergency stop, a record of its zone. The end of
standard input is its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from results.clock import Clock
from results.row_log import RowWriter
from results.timeline import TimelineWriter
from targets.model import Endpoint, Target
from targets.read import read_target

PROBE_EVERY_S = 0.1
PATIENCE_S = 0.5
CONFIRM = 3  # so many probes in a row, before a change is believed; its time is that of the first of them
_AUTHORITATIVE_EVERY_S = 0.2
_RESOLVER_EVERY_S = 1.0
_FLUSH_EVERY_S = 1.0
_STOP_EVERY_S = 1.0
STOP = b"stop"


@dataclass
class Reachability:
    """One site's state as believed, and the probes that speak against it. Fed in the order in which probes were begun."""

    believed: bool | None = None
    against: list[int] = field(default_factory=list)

    def take(self, t_ns: int, *, reachable: bool) -> int | None:
        """The time of the change, if this probe confirms one."""
        if reachable == self.believed:
            self.against.clear()
            return None
        self.against.append(t_ns)
        if self.believed is not None and len(self.against) < CONFIRM:
            return None
        self.believed = reachable
        since, self.against = self.against[0], []
        return since


class Witness:
    """All looks at one target, until cancelled."""

    def __init__(self, run: Path, target: Target, clock: Clock) -> None:
        self._target, self._clock = target, clock
        self._timeline = TimelineWriter(run, "witness", clock)
        self._lookups = RowWriter(run, "lookups", "witness")
        self._answers: dict[tuple[str, str], str] = {}

    async def watch(self) -> None:
        target = self._target
        port = target.service.port
        looks = [self._watch_place(Endpoint(name=site.name, address=site.address, port=port)) for site in target.sites]
        looks += [self._watch_place(site.monitors) for site in target.sites if site.monitors is not None]
        records = [target.zone.record, *([target.tools.record] if target.tools is not None else [])]
        for server in target.zone.authoritative:
            looks += [self._watch_server(server, "authoritative", _AUTHORITATIVE_EVERY_S, name) for name in records]
        for resolver in target.resolvers:
            server = Endpoint(name=resolver.name, address=resolver.address, port=resolver.port)
            looks.append(self._watch_server(server, "resolver", _RESOLVER_EVERY_S, target.zone.record))
        if target.zone.stop is not None:
            looks.append(self._watch_stop(target.zone.stop))
        try:
            await asyncio.gather(self._flush(), *looks)
        finally:
            self._lookups.close()
            self._timeline.close()

    async def _watch_place(self, place: Endpoint) -> None:
        """Probes begin on time even while earlier ones wait; they are judged in the order in which they were begun."""
        state = Reachability()
        under_way: asyncio.Queue[tuple[int, asyncio.Task[bool]]] = asyncio.Queue()

        async def begin() -> None:
            loop = asyncio.get_running_loop()
            due = loop.time()
            while True:
                probe = asyncio.create_task(self._reach(place))
                under_way.put_nowait((self._clock.now_ns(), probe))
                due += PROBE_EVERY_S
                await asyncio.sleep(max(0.0, due - loop.time()))

        async def judge() -> None:
            while True:
                t_ns, probe = await under_way.get()
                reachable = await probe
                since = state.take(t_ns, reachable=reachable)
                if since is not None:
                    self._timeline.write("probe", place.name, t_ns=since, reachable=reachable)
                    _say({"probe": place.name, "reachable": reachable, "t_ns": since})

        await asyncio.gather(begin(), judge())

    async def _reach(self, place: Endpoint) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                _, writer = await asyncio.open_connection(place.address, place.port)
        except OSError:
            return False
        writer.transport.abort()
        return True

    async def _watch_server(self, server: Endpoint, layer: str, every_s: float, name: str) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._ask(server, layer, name)
            due += every_s
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def _watch_stop(self, name: str) -> None:
        """Until one of the authoritative servers says that every drill has to stop: then says so, once."""
        query = dns.message.make_query(name, dns.rdatatype.TXT)
        while True:
            for server in self._target.zone.authoritative:
                with contextlib.suppress(dns.exception.DNSException, OSError):  # that server says nothing this time
                    answer = await dns.asyncquery.udp(query, server.address, port=server.port, timeout=PATIENCE_S)
                    if any(STOP in record.strings for records in answer.answer for record in records):
                        self._timeline.write("stop-key", name, server=server.name)
                        _say({"stop": name})
                        return
            await asyncio.sleep(_STOP_EVERY_S)

    async def _ask(self, server: Endpoint, layer: str, name: str) -> None:
        asked = self._clock.now_ns()
        query = dns.message.make_query(name, dns.rdatatype.A)
        address, ttl, answered, rcode = "", None, None, "timeout"
        try:
            answer = await dns.asyncquery.udp(query, server.address, port=server.port, timeout=PATIENCE_S)
            answered, rcode = self._clock.now_ns(), dns.rcode.to_text(answer.rcode())
            for records in answer.answer:
                if records.rdtype == dns.rdatatype.A:
                    address, ttl = str(records[0].address), records.ttl
        except dns.exception.Timeout:
            pass  # stays "timeout"
        except (dns.exception.DNSException, OSError) as error:
            rcode = type(error).__name__
        self._lookups.append(
            *(asked, answered, "witness", layer, server.name, None, name, address or None, ttl, rcode, None)
        )
        if layer == "authoritative" and address and self._answers.get((server.name, name)) != address:
            self._answers[server.name, name] = address
            self._timeline.write("dns.authoritative", server.name, t_ns=answered, name=name, answer=address, ttl=ttl)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY_S)
            self._lookups.flush()


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def _until_input_ends(witness: Witness) -> None:
    watching = asyncio.create_task(witness.watch())
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ended = asyncio.create_task(reader.read())
    await asyncio.wait([watching, ended], return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    try:
        await watching
    except asyncio.CancelledError:
        return


def main(arguments: list[str]) -> int:
    """``python -m chaos.witness RUN TARGET``, the run's clock in the environment."""
    run, target = Path(arguments[0]), read_target(Path(arguments[1]))
    asyncio.run(_until_input_ends(Witness(run, target, Clock.from_environment())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
