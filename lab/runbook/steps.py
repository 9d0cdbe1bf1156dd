"""The steps of the takeover, each by itself, so that a drill can perform them one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import dns.exception
import dns.rcode

from lab import model, pki
from lab.clusters import MAIN, Cluster
from lab.model import Options, ServiceFailed
from lab.name_servers import answers, update_rcode
from lab.runbook import approval, peer
from lab.runbook.journal import Journal
from lab.services.postgres import Postgres
from targets.lab_control import LabControl

CYCLE_S = 1.0
CYCLES = 3
# a site that lives behind a lost link goes on by itself (`release`) in less than that; it is taken over when it does not
PATIENT_CYCLES = 10
MOST_BEHIND_S = 5  # a mirror that has not followed for longer is promoted only when somebody accepts the loss
_FOLLOWS = (
    "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'), "
    "extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8"
)
_PROMOTED_WITHIN_S = 30
_READY_WITHIN_S = 20
_DNS_WITHIN_S = 10
_FOLLOWED_WITHIN_S = 2  # a server that has not followed by then is told to


@dataclass(frozen=True)
class Runbook:
    """The runbook of one cluster at one site; `other` is the site that it may take over from."""

    options: Options
    site: str
    other: str
    cluster: Cluster
    # monotonic ns of the looks in a row that saw the other site dead, or the mirror lost
    _dead_since: list[int] = field(default_factory=list)
    # monotonic ns; one, or none before the first look
    _followed_until: list[int] = field(default_factory=list)

    @property
    def journal(self) -> Journal:
        return Journal(self.options.state, self.site, self.cluster.name)

    @property
    def _ca(self) -> Path:
        return pki.keys(self.options.state).ca

    @property
    def database(self) -> Postgres:
        return Postgres(self.options, self.cluster)

    async def detect(self) -> None:
        """Return when the cluster was dead at the other site on both ways, and often enough in a row.

        Three times; ten where only one way is lost. The private link silent, and the site accepts in public: it may be the link
        alone. Nobody accepts in public, and the database does: its balancer may just be started again.
        """
        self._dead_since.clear()
        needed = CYCLES
        while len(self._dead_since) < needed:
            began = time.monotonic_ns()
            _, database, ready, accepts, outside = await asyncio.gather(
                self._look_whether_it_follows(),
                peer.database_port(self.cluster, self.other),
                peer.service_ready(self.cluster, self.other, self._ca),
                peer.balancer_accepts(self.cluster, self.other),
                peer.reaches_outside(),
            )
            careless = self.options.defect == "no-fencing"
            link_lost = database == peer.SILENT and accepts and not careless
            # nobody can get in there, although its database is well; from here one gets out: the fault is not ours
            shut = database == peer.ACCEPTS and not accepts and outside and self.options.defect != "one-way-detection"
            needed = PATIENT_CYCLES if link_lost or shut else CYCLES
            await self._count(began, needed, dead=shut or (database != peer.ACCEPTS and (not ready or careless)))

    async def _look_whether_it_follows(self) -> None:
        """Keep in mind until when the own database received what the other one wrote."""
        try:
            connection = await self.database.connect(self.site, timeout_s=2)
        except (OSError, asyncpg.PostgresError):
            return
        try:
            streams, age_s = await connection.fetchrow(_FOLLOWS)
        finally:
            await connection.close()
        now = time.monotonic_ns()
        if streams or not self._followed_until:
            # what was before this process is known by the last transaction only
            self._followed_until[:] = [now if streams else now - int((age_s or 0) * 1e9)]

    def _behind_s(self) -> float:
        """How long it had not followed when the other site was first seen dead."""
        if not self._followed_until or not self._dead_since:
            return 0.0
        return max(0.0, (self._dead_since[0] - self._followed_until[0]) / 1e9)

    async def _count(self, began_ns: int, needed: int, *, dead: bool) -> None:
        """One look more, or from the start again; then wait for the next cycle, if there is one."""
        if dead:
            self._dead_since.append(began_ns)
        else:
            self._dead_since.clear()
        if len(self._dead_since) < needed:
            await asyncio.sleep(max(0.0, CYCLE_S - (time.monotonic_ns() - began_ns) / 1e9))

    async def fence(self) -> None:
        """Cut the other site off by the provider's interface, so that it cannot acknowledge anything any more.

        The provider serves one after the other, and none that is cut off itself: of two sites that fence each other, one wins.
        """
        if self.options.defect != "no-fencing":
            await self._ask_provider(volume_only=False)

    async def _ask_provider(self, *, volume_only: bool) -> None:
        order: dict[str, Any] = {"site": self.other, "by": self.site, "cluster": self.cluster.name}
        if self._dead_since:
            order["dead_since_ns"] = self._dead_since[0]  # the site may have come back meanwhile
        if volume_only:
            order["volume_only"] = True
        await asyncio.to_thread(lambda: self._provider().call("fence", **order))

    def _provider(self) -> LabControl:
        return LabControl(self.options.state / "control.sock", timeout_s=10)

    async def await_lost_mirror(self) -> bool:
        """At the active site: return when nothing reached the mirror by the private link in three cycles in a row.

        True: its site still accepts in public, so the link is lost and not the site.
        """
        answered = False
        self._dead_since.clear()
        while len(self._dead_since) < CYCLES:
            began = time.monotonic_ns()
            database, answered = await asyncio.gather(
                peer.database_port(self.cluster, self.other),
                peer.balancer_accepts(self.cluster, self.other),
            )
            await self._count(began, CYCLES, dead=database != peer.ACCEPTS)
        return answered

    async def release(self, *, site_answers: bool) -> None:
        """At the active site: go on without the mirror. It is fenced first, so that it cannot take over at the same time.

        Of a site that still answers only the cluster's volume is taken: what else runs there is well.
        """
        if site_answers:
            await self._ask_provider(volume_only=True)
        else:
            await self.fence()
        await self.database.set_synchronous(self.site, None)

    async def promote(self) -> None:
        """Make the own database primary and wait until the service is ready behind its balancer."""
        if self.options.defect == "no-promotion" and self.cluster is MAIN:
            return
        self._accept_loss()
        connection = await self.database.connect(self.site)
        try:
            if await connection.fetchval("SELECT pg_is_in_recovery()") and not await connection.fetchval(
                "SELECT pg_promote(true, $1)", _PROMOTED_WITHIN_S
            ):
                raise ServiceFailed(f"{self.database.name(self.site)}: not promoted within {_PROMOTED_WITHIN_S} s")
        finally:
            await connection.close()
        deadline = time.monotonic() + _READY_WITHIN_S
        while not await peer.service_ready(self.cluster, self.site, self._ca):
            if time.monotonic() > deadline:
                raise ServiceFailed(
                    f"{self.cluster.name} at {self.site}: not ready {_READY_WITHIN_S} s after the promotion"
                )
            await asyncio.sleep(0.1)

    def _accept_loss(self) -> None:
        """A mirror that had not followed lacks what was acknowledged since. Raises ServiceFailed unless somebody accepts that."""
        behind_s = self._behind_s()
        waited_for = self.cluster.synchronous and self.options.replication == "sync"
        if self.cluster is not MAIN or waited_for or behind_s <= MOST_BEHIND_S:
            return
        why = f"the mirror had not followed for {behind_s:.0f} s when the other site died (limit {MOST_BEHIND_S} s)"
        if "promote" not in approval.read(self.options.state).given and self.options.defect != "nobody-asked":
            raise ServiceFailed(
                f"promotion refused: {why}; somebody has to approve the loss of what was acknowledged since"
            )
        self.journal.write("promote", "accepts-loss", why=why)

    async def dns(self) -> None:
        """Point the DNS entry to this site, and see every authoritative server answer so."""
        if self.options.defect == "no-dns-switch" and self.cluster is MAIN:
            return
        await asyncio.to_thread(self._switch_dns)

    async def declare(self) -> None:
        """Say that the takeover is done: the line in the journal is the declaration."""

    def _switch_dns(self) -> None:
        wanted = self.cluster.public[self.site]
        if refused := self._update(wanted):
            if self.options.defect == "one-way-to-dns":
                raise ServiceFailed(f"dns: {refused}")
            # the provider's console is another way than its update interface
            self.journal.write("dns", "second-way", why=refused)
            self._provider().call("record", record=self.cluster.record, address=wanted)
        if self.options.defect != "unverified-dns":
            self._see_followed(wanted)

    def _update(self, wanted: str) -> str:
        """Why it was not taken; empty: it was."""
        try:
            code = update_rcode(self.options, (self.cluster.record, wanted))
        except (OSError, dns.exception.DNSException) as error:
            return f"the update was not answered ({type(error).__name__}: {error})"
        return f"the update was refused with {dns.rcode.Rcode(code).name}" if code else ""

    def _see_followed(self, wanted: str) -> None:
        """Return when every authoritative server answers so; one that does not follow by itself is told to."""
        begun = time.monotonic()
        told = set()
        for name, address in model.AUTHORITATIVE.items():
            while wanted not in answers(self.cluster.record, address):
                if time.monotonic() - begun > _DNS_WITHIN_S:
                    raise ServiceFailed(f"dns: {name} does not answer {wanted} after {_DNS_WITHIN_S} s")
                if time.monotonic() - begun > _FOLLOWED_WITHIN_S and name not in told:
                    told.add(name)
                    self.journal.write("dns", "told-to-follow", server=name)
                    self._provider().call("transfer", name=name)
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
