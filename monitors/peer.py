"""The mutual dead man's switch: the monitors of the sites watch each other, without any tool between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from monitors.exchange import Address, Unanswered, exchange, verified
from monitors.look import GRACE_S, Look
from monitors.metrics import HEARTBEAT
from monitors.place import Place
from targets.model import Endpoint

LOOKS = 3


@dataclass
class _Seen:
    """Of one peer: its last heartbeat, and for how many looks it has not changed. None: never seen alive."""

    heartbeat: float | None = None
    unchanged: int = 0


class Peer:
    """Fails when the monitors of another site do not answer, or answer that none of them has looked for three looks of ours.

    The heartbeat is a time by their clock; here it only has to change, so clocks do not matter.
    """

    name, period_s = "peer", 1.0

    def __init__(
        self,
        place: Place,
        peers: Sequence[Endpoint],
        ca_file: Path,
        own_pem: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`own_pem`: key and certificate that show them who we are; theirs must name their address. Raises OSError."""
        self._place, self._clock = place, clock
        context = verified(ca_file, own_pem)
        self._peers = {peer.name: Address(peer.address, peer.port, context) for peer in peers}
        self._seen = {name: _Seen() for name in self._peers}
        self._begun = clock()

    def look(self) -> Look:
        failed, waiting = list[str](), list[str]()
        for name, address in self._peers.items():
            seen = self._seen[name]
            why = self._ask(address, seen)
            if why and seen.heartbeat is None and self._clock() - self._begun <= GRACE_S:
                waiting.append(name)
            elif why:
                failed.append(f"{name}: {why}")
        if failed:
            return Look(ok=False, why="; ".join(failed))
        return Look(ok=True, why=f"waiting for {', '.join(waiting)}" if waiting else "")

    def _ask(self, address: Address, seen: _Seen) -> str:
        """What is wrong with that peer; empty: it lives."""
        try:
            answer = exchange(self._place, address, "GET", "/metrics")
        except Unanswered as error:
            return str(error)
        if answer.status != 200:
            return f"status {answer.status}"
        heartbeat = _heartbeat(answer.body)
        if heartbeat is None:
            return f"answers without {HEARTBEAT}"
        seen.unchanged = seen.unchanged + 1 if heartbeat == seen.heartbeat else 0
        seen.heartbeat = heartbeat
        return f"none of its monitors looked during {seen.unchanged} looks" if seen.unchanged >= LOOKS else ""


def _heartbeat(body: bytes) -> float | None:
    """The latest one of Prometheus' text; None: there is none, or it is no such text."""
    try:
        families = list(text_string_to_metric_families(body.decode("utf-8", "replace")))
    except (ValueError, IndexError, KeyError):  # what the parser raises on what it cannot read
        return None
    return max((each.value for one in families for each in one.samples if each.name == HEARTBEAT), default=None)
