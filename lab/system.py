"""The system under drill as a whole: which services run where, in which order they come up, and what a heal means."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

import asyncpg

from lab import model, pki
from lab.model import SITES, Options, Process, ServiceFailed, Supervisor
from lab.runbook import journal, peer
from lab.runbook.__main__ import MODE
from lab.services import haproxy, knot, postgres, runbook, unbound, vitals
from lab.vitals.export import write_rows

ACTIVE, MIRROR = SITES
_REGIONS = {"fra": "DE", "gra": "FR"}
_TAKEOVER_WITHIN_S = 90
_SERVING_WITHIN_S = 20


async def bring_up(supervisor: Supervisor) -> None:
    """Both sites and DNS, serving, replicating, watched."""
    options = supervisor.options
    (options.state / journal.NAME).unlink(missing_ok=True)
    (options.state / MODE).write_text(options.takeover)
    for old in ("volumes", "dns"):
        shutil.rmtree(options.state / old, ignore_errors=True)
    pki.make_keys(options.state)
    await asyncio.gather(
        _bring_up_databases(supervisor),
        _start_in_order(supervisor, knot.servers(options, ACTIVE)),
        *(supervisor.start(resolver) for resolver in unbound.resolvers(options)),
    )
    await asyncio.gather(*(_start_site(supervisor, site) for site in SITES))
    await _await_service(options, ACTIVE)
    await asyncio.gather(*(supervisor.start(runbook.service(options, site)) for site in SITES))


async def quiesce_site(supervisor: Supervisor, site: str) -> None:
    """Before a site that still runs is connected again: a former primary there must not take another write."""
    if await _primary(supervisor.options) != site:
        await supervisor.stop(f"{site}/postgres")


async def heal_site(supervisor: Supervisor, site: str) -> None:
    """Services of a site again, its database as a follower of the primary. The DNS entry stays where it is."""
    options = supervisor.options
    primary = await _primary(options)
    await supervisor.stop(f"wire/postgres-of-{site}")
    if primary is None:
        # nobody took over: the site comes back as what it was, and its mirror follows it again by itself
        await postgres.revive(supervisor, site)
    elif primary != site:
        await supervisor.stop(f"{site}/postgres")
        await postgres.rejoin(supervisor, site, primary)
    await _start_site(supervisor, site)
    await supervisor.start(runbook.service(options, site))


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
    options = supervisor.options
    dead = (await postgres.status(options, site))["role"] == "down"
    if dead:
        await supervisor.start(postgres.alone(options, site))
    try:
        connection = await postgres.connect(options, site)
        try:
            proof = await write_rows(connection, file)
        finally:
            await connection.close()
    except (asyncpg.PostgresError, OSError) as error:
        raise ServiceFailed(f"readback {site}: {error}") from error
    finally:
        if dead:
            await supervisor.stop(f"wire/postgres-of-{site}")
    return {"proof": proof, "volume_of_dead_site": dead}


async def status(supervisor: Supervisor) -> dict[str, Any]:
    """Roles and replication of the databases."""
    states = await asyncio.gather(*(postgres.status(supervisor.options, site) for site in SITES))
    return {"databases": dict(zip(SITES, states, strict=True))}


def describe(options: Options) -> dict[str, Any]:
    """What the target file says of this lab; the launcher adds vantage points and the control socket."""
    keys = pki.keys(options.state)
    port = 53
    return {
        "schema": "zweitherz/target/1",
        "name": "embedded lab",
        "environment": "lab",
        "takeover": options.takeover,
        "sites": [{"name": s, "region": _REGIONS[s], "address": model.PUBLIC[s]} for s in SITES],
        "service": {
            "name": "vitals",
            "host": model.RECORD,
            "port": model.HTTPS,
            "wildcard_host": f"*.{model.RECORD}",
            "ca_file": str(keys.ca),
            "active": ACTIVE,
        },
        "zone": {
            "name": model.ZONE,
            "record": model.RECORD,
            "ttl_s": options.ttl_s,
            "authoritative": [{"name": n, "address": a, "port": port} for n, a in model.AUTHORITATIVE.items()],
        },
        "resolvers": [{"name": k, "address": a, "port": port, "kind": k} for k, a in model.RESOLVERS.items()],
        "distances": [
            {"name": name, "source": model.PATIENTS[name], "one_way_ms": options.distances_ms[name]}
            for name in model.PATIENTS
        ],
        "secrets": {"token_key_file": str(keys.token_key)},
    }


async def _bring_up_databases(supervisor: Supervisor) -> None:
    await postgres.make_primary(supervisor, ACTIVE)
    await postgres.make_mirror(supervisor, MIRROR, ACTIVE)
    await postgres.set_synchronous(supervisor.options, ACTIVE, MIRROR)


async def _start_in_order(supervisor: Supervisor, processes: list[Process]) -> None:
    for process in processes:
        await supervisor.start(process)


async def _start_site(supervisor: Supervisor, site: str) -> None:
    options = supervisor.options
    await asyncio.gather(*(supervisor.start(server) for server in vitals.application_servers(options, site)))
    # last: a balancer takes its servers for good until a check says otherwise, and would send patients to half-started ones
    await supervisor.start(haproxy.balancer(options, site))


async def _await_service(options: Options, site: str) -> None:
    """Return when uploads to the site's public address would be served."""
    deadline = time.monotonic() + _SERVING_WITHIN_S
    while not await peer.service_ready(site, pki.keys(options.state).ca, vantage="witness"):
        if time.monotonic() > deadline:
            raise ServiceFailed(f"{site}: its service is not ready after {_SERVING_WITHIN_S} s")
        await asyncio.sleep(0.05)


async def _primary(options: Options) -> str | None:
    """The site whose database is primary; of two, the one promoted later (greater timeline)."""
    states = {site: await postgres.status(options, site) for site in SITES}
    primaries = [site for site in SITES if states[site]["role"] == "primary"]
    return max(primaries, key=lambda site: int(states[site]["timeline"] or 0), default=None)
