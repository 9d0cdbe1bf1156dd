"""The steps of the takeover, each by itself, so that a drill can perform them one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.update

from lab import model, pki
from lab.model import Options, ServiceFailed
from lab.runbook import peer
from lab.runbook.journal import Journal
from lab.services import knot, postgres
from targets.lab_control import LabControl

CYCLE_S = 1.0
CYCLES = 3
_PROMOTED_WITHIN_S = 30
_READY_WITHIN_S = 20
_DNS_WITHIN_S = 10


@dataclass(frozen=True)
class Runbook:
    """The runbook of one site; `other` is the site that it may take over from."""

    options: Options
    site: str
    other: str

    @property
    def journal(self) -> Journal:
        return Journal(self.options.state, self.site)

    @property
    def _ca(self) -> Path:
        return pki.keys(self.options.state).ca

    async def detect(self) -> None:
        """Return when the other site was dead on both ways in three cycles in a row."""
        dead = 0
        while dead < CYCLES:
            began = time.monotonic()
            private, public = await asyncio.gather(
                peer.database_reachable(self.other), peer.service_ready(self.other, self._ca)
            )
            dead = 0 if private or public else dead + 1
            if dead < CYCLES:
                await asyncio.sleep(max(0.0, CYCLE_S - (time.monotonic() - began)))

    async def fence(self) -> None:
        """Cut the other site off by the provider's interface, so that it cannot acknowledge anything any more."""
        await asyncio.to_thread(
            LabControl(self.options.state / "control.sock", timeout_s=10).call, "fence", site=self.other
        )

    async def promote(self) -> None:
        """Make the own database primary and wait until the service is ready behind its balancer."""
        if self.options.defect == "no-promotion":
            return
        connection = await postgres.connect(self.options, self.site)
        try:
            if await connection.fetchval("SELECT pg_is_in_recovery()") and not await connection.fetchval(
                "SELECT pg_promote(true, $1)", _PROMOTED_WITHIN_S
            ):
                raise ServiceFailed(f"{self.site}/postgres: not promoted within {_PROMOTED_WITHIN_S} s")
        finally:
            await connection.close()
        deadline = time.monotonic() + _READY_WITHIN_S
        while not await peer.service_ready(self.site, self._ca):
            if time.monotonic() > deadline:
                raise ServiceFailed(f"{self.site}: not ready {_READY_WITHIN_S} s after the promotion")
            await asyncio.sleep(0.1)

    async def dns(self) -> None:
        """Point the DNS entry to this site, and see every authoritative server answer so."""
        if self.options.defect == "no-dns-switch":
            return
        await asyncio.to_thread(self._switch_dns)

    async def declare(self) -> None:
        """Say that the takeover is done: the line in the journal is the declaration."""

    def _switch_dns(self) -> None:
        ring = dns.tsigkeyring.from_text({knot.TSIG_NAME: knot.tsig_secret(self.options.state)})
        change = dns.update.UpdateMessage(model.ZONE, keyring=ring, keyalgorithm=knot.TSIG_ALGORITHM)
        change.replace(f"{model.RECORD}.", self.options.ttl_s, "A", model.PUBLIC[self.site])
        answer = dns.query.tcp(change, next(iter(model.AUTHORITATIVE.values())), timeout=5)
        if answer.rcode():
            raise ServiceFailed(f"dns: the update was refused with {dns.rcode.to_text(answer.rcode())}")
        deadline = time.monotonic() + _DNS_WITHIN_S
        for name, address in model.AUTHORITATIVE.items():
            while model.PUBLIC[self.site] not in _answers(address):
                if time.monotonic() > deadline:
                    raise ServiceFailed(
                        f"dns: {name} does not answer {model.PUBLIC[self.site]} after {_DNS_WITHIN_S} s"
                    )
                time.sleep(0.02)

    def steps(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """In the order of the takeover."""
        return {
            "detect": self.detect,
            "fence": self.fence,
            "promote": self.promote,
            "dns": self.dns,
            "declare": self.declare,
        }


def _answers(server: str) -> list[str]:
    query = dns.message.make_query(model.RECORD, dns.rdatatype.A)
    try:
        answer = dns.query.udp(query, server, timeout=2)
    except dns.exception.Timeout:
        return []
    return [item.address for rrset in answer.answer for item in rrset if rrset.rdtype == dns.rdatatype.A]
