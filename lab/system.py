"""The system under drill as a whole: which services run where, in which order they come up, and what a heal means."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import asyncpg

from lab import pki, tools
from lab.clusters import CLUSTERS, MAIN, TOOLS, Cluster
from lab.kubernetes import access
from lab.model import ONCALL, SITES, Options, Process, ServiceFailed, Supervisor
from lab.net.mounts import make_volume
from lab.runbook import approval, journal, peer
from lab.runbook.__main__ import MODE
from lab.services import analysis, haproxy, knot, prometheus, runbook, unbound, vitals
from lab.services.oncall import deliveries
from lab.services.postgres import Postgres
from lab.telemetry.export import ITEMS, write_items
from lab.vitals.export import write_rows

_TAKEOVER_WITHIN_S = 90
_SERVING_WITHIN_S = 20
_DATABASES: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(
    asyncio.Lock
)  # (cluster, site) -> held while it starts


async def bring_up(supervisor: Supervisor) -> None:
    """Both clusters at both sites and DNS: serving, replicating, watched."""
    options = supervisor.options
    for old in (
        options.state / journal.NAME,
        options.state / approval.NAME,
        *(deliveries(options, channel) for channel in ONCALL),
    ):
        old.unlink(missing_ok=True)
    (options.state / prometheus.RULES).mkdir(exist_ok=True)
    for rules in (options.state / prometheus.RULES).iterdir():
        rules.unlink()
    (options.state / MODE).write_text(options.takeover)
    for folder in ("volumes", "dns"):
        shutil.rmtree(options.state / folder, ignore_errors=True)
    for site in SITES if options.volume_mb else ():
        make_volume(Postgres(options, MAIN).volume(site), options.volume_mb)
    pki.make_keys(options.state, kubernetes=options.kubernetes)
    if options.kubernetes:
        access.make_tokens(options.state)
    await asyncio.gather(
        _bring_up_databases(supervisor),
        _start_in_order(supervisor, knot.servers(options)),
        *(supervisor.start(resolver) for resolver in unbound.resolvers(options)),
    )
    # both at once: the product's services do not wait for what watches them
    await asyncio.gather(tools.bring_up(supervisor), *(_start_site(supervisor, site) for site in SITES))
    await _await_service(options, MAIN.active)
    await asyncio.gather(*(supervisor.start(runbook.service(options, site)) for site in SITES))


async def take_volume(supervisor: Supervisor, site: str) -> None:
    """What a provider does on order: takes the main database's volume away from a site, whatever runs there."""
    await supervisor.stop(Postgres(supervisor.options, MAIN).name(site), within_s=2)


async def quiesce_site(supervisor: Supervisor, site: str) -> None:
    """Before a site that still runs is connected again: a former primary there must not take another write."""
    for cluster in _standing(supervisor.options):
        database = Postgres(supervisor.options, cluster)
        if await _primary(database) != site:
            await supervisor.stop(database.name(site))


async def heal_site(supervisor: Supervisor, site: str) -> None:
    """Services of a site again, its databases as followers of their primaries. DNS entries stay where they are."""
    await asyncio.gather(*(start_database(supervisor, cluster, site) for cluster in _standing(supervisor.options)))
    await asyncio.gather(tools.start_site(supervisor, site), _start_site(supervisor, site))
    await supervisor.start(runbook.service(supervisor.options, site))


async def start_database(supervisor: Supervisor, cluster: Cluster, site: str) -> None:
    """As the mirror of the other site's where that is primary by now, else as what it was."""
    if cluster is TOOLS and site not in tools.sites(supervisor.options):
        return
    async with _DATABASES[cluster.name, site]:  # two who rejoin it at once would copy into one folder
        await _start_database(supervisor, cluster, site)


async def _start_database(supervisor: Supervisor, cluster: Cluster, site: str) -> None:
    database = Postgres(supervisor.options, cluster)
    primary = await _primary(database)
    await supervisor.stop(database.name_alone(site))
    if primary is None:
        # nobody took over: the site comes back as what it was, and its mirror follows it again by itself
        await database.revive(supervisor, site)
    elif primary != site:
        await supervisor.stop(database.name(site))
        await database.rejoin(supervisor, site, primary)


async def set_uploads(supervisor: Supervisor, site: str, state: str) -> None:
    """refused: the service may not write any more, while everything else works (a migration gone wrong); taken: it may."""
    database = Postgres(supervisor.options, MAIN)
    connection = await database.connect(site)
    try:
        verb = "GRANT INSERT ON upload TO vitals" if state == "taken" else "REVOKE INSERT ON upload FROM vitals"
        await connection.execute(verb)
    finally:
        await connection.close()


async def uploads(supervisor: Supervisor, site: str) -> dict[str, Any]:
    """Whether the service may write there, and whether it says that it is ready, asked from outside."""
    database = Postgres(supervisor.options, MAIN)
    connection = await database.connect(site)
    try:
        allowed = await connection.fetchval("SELECT has_table_privilege('vitals', 'upload', 'INSERT')")
    finally:
        await connection.close()
    ready = await peer.service_ready(MAIN, site, pki.keys(supervisor.options.state).ca, vantage="witness")
    return {"uploads": "taken" if allowed else "refused", "ready": ready}


async def takeover(supervisor: Supervisor, site: str, step: str | None) -> dict[str, Any]:
    """One step of the runbook at `site`, or all of them; answers the journal's lines of it. Any: JSON values."""
    if step is not None and step not in runbook.STEPS:
        raise ServiceFailed(f"step {step!r}: there are {', '.join(runbook.STEPS)}")
    options = supervisor.options
    before = len(journal.read(options.state))
    await supervisor.run(
        site,
        runbook.command(step or "all"),
        env=runbook.environment(options, site),
        within_s=_TAKEOVER_WITHIN_S,
    )
    return {"steps": journal.read(options.state)[before:]}


async def set_takeover_mode(supervisor: Supervisor, mode: str) -> None:
    (supervisor.options.state / MODE).write_text(mode)


async def readback(supervisor: Supervisor, site: str, file: Path) -> dict[str, Any]:
    """The auditor's path: every upload straight from a site's store, also of a dead site, from its volume."""
    database = Postgres(supervisor.options, MAIN)
    dead = (await database.status(site))["role"] == "down"
    if dead:
        await supervisor.start(database.alone(site))
    try:
        connection = await database.connect(site)
        try:
            proof = await write_rows(connection, file)
        finally:
            await connection.close()
    except (asyncpg.PostgresError, OSError) as error:
        raise ServiceFailed(f"readback {site}: {error}") from error
    finally:
        if dead:
            await supervisor.stop(database.name_alone(site))
    return {"proof": proof, "volume_of_dead_site": dead}


async def telemetry(supervisor: Supervisor, site: str, sink: str, file: Path) -> dict[str, Any]:
    """What Sentry or Matomo stored, from a site's tools database where that is primary: its mirror holds the same."""
    if sink not in ITEMS:
        raise ServiceFailed(f"sink {sink!r}: there are {', '.join(ITEMS)}")
    if site not in tools.sites(supervisor.options):
        raise ServiceFailed(f"telemetry {site}: this lab has no tools cluster there")
    database = Postgres(supervisor.options, TOOLS)
    role = (await database.status(site))["role"]
    if role != "primary":
        return {"role": role, "count": None}
    try:
        connection = await database.connect(site)
        try:
            return {"role": role, "count": await write_items(connection, sink, file)}
        finally:
            await connection.close()
    except (asyncpg.PostgresError, OSError) as error:
        raise ServiceFailed(f"telemetry {site}: {error}") from error


async def status(supervisor: Supervisor) -> dict[str, Any]:
    """Roles and replication of the databases."""
    shown = {}
    for cluster in _standing(supervisor.options):
        database = Postgres(supervisor.options, cluster)
        states = await asyncio.gather(*(database.status(site) for site in SITES))
        shown["databases" if cluster is MAIN else "tools"] = dict(zip(SITES, states, strict=True))
    return shown


async def _bring_up_databases(supervisor: Supervisor) -> None:
    database = Postgres(supervisor.options, MAIN)
    await database.make_primary(supervisor, MAIN.active)
    await database.make_mirror(supervisor, MAIN.mirror, MAIN.active)
    await database.set_synchronous(MAIN.active, MAIN.mirror)


async def _start_in_order(supervisor: Supervisor, processes: list[Process]) -> None:
    for process in processes:
        await supervisor.start(process)


async def _start_site(supervisor: Supervisor, site: str) -> None:
    options = supervisor.options
    await asyncio.gather(
        *(supervisor.start(server) for server in vitals.application_servers(options, site)),
        supervisor.start(analysis.service(options, site)),
    )
    # last: a balancer takes its servers for good until a check says otherwise, and would send patients to half-started ones
    await supervisor.start(haproxy.balancer(options, site))


async def _await_service(options: Options, site: str) -> None:
    """Return when uploads to the site's public address would be served, by each of its application servers."""
    deadline = time.monotonic() + _SERVING_WITHIN_S
    while not (
        await peer.service_ready(MAIN, site, pki.keys(options.state).ca, vantage="witness")
        and await haproxy.servers_ready(site) == options.servers_per_site
    ):
        if time.monotonic() > deadline:
            raise ServiceFailed(f"{site}: its service is not ready after {_SERVING_WITHIN_S} s")
        await asyncio.sleep(0.05)


def _standing(options: Options) -> list[Cluster]:
    """The clusters that this lab has."""
    return [cluster for cluster in CLUSTERS.values() if cluster is MAIN or tools.sites(options)]


async def _primary(database: Postgres) -> str | None:
    """The site whose database is primary; of two, the one promoted later (greater timeline)."""
    states = {site: await database.status(site) for site in SITES}
    primaries = [site for site in SITES if states[site]["role"] == "primary"]
    return max(primaries, key=lambda site: int(states[site]["timeline"] or 0), default=None)
