"""Where the monitors of one site stand: its resolver, its clock, and whether it reaches the outside at all."""

from __future__ import annotations

import threading

import dns.exception
import dns.inet
import dns.message
import dns.query
import dns.rdatatype

from results.clock import Clock
from targets.model import Target

_PATIENCE_S = 1.0


# names are asked for twice a second: who heard nothing from outside for so long was cut off
CUT_OFF_NS = 2_500_000_000


class Unresolved(OSError):
    """The name has no address just now: one line."""


class Place:
    """Shared by all monitors of one process."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self.target, self.clock = target, clock
        self._lock = threading.Condition()
        self._outside_seen_ns = self._outside_since_ns = 0

    def saw_outside(self, begun_ns: int) -> None:
        """A look that was begun then got an answer from somewhere outside."""
        with self._lock:
            if begun_ns - self._outside_seen_ns > CUT_OFF_NS:
                self._outside_since_ns = begun_ns
            self._outside_seen_ns = max(self._outside_seen_ns, begun_ns)
            self._lock.notify_all()

    def await_outside(self, since_ns: int, within_s: float, ending: threading.Event) -> bool:
        """Wait until a look begun at `since_ns` or later got out; False: not within that time, or all is `ending`."""
        with self._lock:
            self._lock.wait_for(lambda: ending.is_set() or self._outside_seen_ns >= since_ns, max(0.0, within_s))
            return self._outside_seen_ns >= since_ns

    def wake(self) -> None:
        """Let those that wait see that all is ending."""
        with self._lock:
            self._lock.notify_all()

    @property
    def outside(self) -> tuple[int, int]:
        """Begin of the last look that got out, and since when it has been getting out without a longer pause."""
        with self._lock:
            return self._outside_seen_ns, self._outside_since_ns

    def resolve(self, host: str) -> str:
        """A host's address as the first honest resolver of the target says now; an address is one. Raises Unresolved."""
        if dns.inet.is_address(host):
            return host
        resolvers = sorted(self.target.resolvers, key=lambda each: each.kind != "honest")
        if not resolvers:
            raise Unresolved(f"target {self.target.name!r}: no resolver")
        chosen = resolvers[0]
        return ask(host, chosen.address, chosen.port)[0]


def ask(name: str, server: str, port: int) -> tuple[str, int]:
    """Address and TTL of a name as that server says. Raises Unresolved."""
    try:
        answer = dns.query.udp(dns.message.make_query(name, dns.rdatatype.A), server, port=port, timeout=_PATIENCE_S)
    except (dns.exception.DNSException, OSError) as error:
        raise Unresolved(f"{name} at {server}: {type(error).__name__}") from error
    for records in answer.answer:
        if records.rdtype == dns.rdatatype.A:
            return str(records[0].address), int(records.ttl)
    raise Unresolved(f"{name} at {server}: no address in the answer")
