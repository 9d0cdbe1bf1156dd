"""One attempt of one upload: what an engine is asked to do, and what it says came of it.

An engine resolves (a real query to the client's resolver unless the address is given), connects from the patient's network,
ends the handshake, sends, reads the answer. Three engines stand behind the one interface: `loadtests.native` (shows everything),
`loadtests.rust_engine` (leanest), `loadtests.gevent_engine` (fallback).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be sent, and how.

    number      names the attempt in its Result
    keeper      patient whose connection is kept open and used again; None: a connection of its own
    address     dialled without asking; None: ask the resolver
    resume      may resume a TLS session
    """

    number: int
    source: str | None
    distance: str
    resolver: str
    client: str
    patient: int
    request: bytes
    address: str | None = None
    keeper: int | None = None
    resume: bool = False


@dataclass(slots=True)
class Result:
    """How it ended. Times in ns on the run's clock, 0: did not happen.

    error  dns, refused, unreachable, connect-timeout, tls, reset, timeout, eof, protocol; "" with an answer
    """

    attempt: Attempt
    t_done: int = 0
    t_connected: int = 0
    t_sent: int = 0
    address: str = ""
    connection: str = ""
    tls: str = ""
    error: str = ""
    status: int = -1
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One query that an engine asked a resolver for a client (columns of `results.schema.LOOKUPS`)."""

    t_asked: int
    t_answered: int
    resolver: str
    client: str
    patient: int
    answer: str
    ttl: int
    rcode: str


# Takes what has ended; answers when it wants to be called again at the latest (ns on the run's clock), or None: stop.
Step = Callable[[Sequence[Result]], int | None]


class Engine(Protocol):
    """Carries attempts. Used by one thread."""

    def begin(self, attempt: Attempt) -> None:
        """Start it; its Result comes with a later step."""

    def run(self, step: Step) -> None:
        """Do the work of the network, and call `step` soon after something ended, at the latest when it asked to be called.

        Ends when `step` answers None. What `step` raises is raised here.
        """

    def lookups(self) -> list[Lookup]:
        """Queries answered or given up since the last call."""

    @property
    def in_flight(self) -> int:
        """Attempts begun and not ended."""

    @property
    def connections(self) -> int:
        """Connections open now, kept ones included. An engine that cannot see them counts one for each attempt in flight."""

    def close(self) -> None:
        """Drop everything; attempts in flight get no Result."""
