"""The tools cluster as a whole: which of its services run where, and in which order they come up."""

from __future__ import annotations

import asyncio

from lab.clusters import TOOLS
from lab.model import SITES, Options, Supervisor
from lab.services import alertmanager, haproxy, oncall, postgres_exporter, prometheus, telemetry
from lab.services.postgres import Postgres


def sites(options: Options) -> tuple[str, ...]:
    """Where it stands: at both sites, unless the lab has none."""
    if not options.tools:
        return ()
    return (TOOLS.active,) if options.defect == "tools-not-mirrored" else SITES


async def bring_up(supervisor: Supervisor) -> None:
    """Database and its mirror, receivers, Prometheus, Alertmanager, balancers, and who is on call."""
    standing = sites(supervisor.options)
    if not standing:
        return
    database = Postgres(supervisor.options, TOOLS)
    await asyncio.gather(
        _bring_up_databases(supervisor, database, standing),
        *(supervisor.start(channel) for channel in oncall.channels(supervisor.options)),
    )
    await asyncio.gather(*(start_site(supervisor, site) for site in standing))


async def _bring_up_databases(supervisor: Supervisor, database: Postgres, standing: tuple[str, ...]) -> None:
    await database.make_primary(supervisor, TOOLS.active)
    if TOOLS.mirror in standing:
        await database.make_mirror(supervisor, TOOLS.mirror, TOOLS.active)


async def start_site(supervisor: Supervisor, site: str) -> None:
    """Everything of the cluster at a site but its database. Nothing where the cluster does not stand."""
    options = supervisor.options
    if site not in sites(options):
        return
    await asyncio.gather(
        *(supervisor.start(receiver) for receiver in telemetry.receivers(options, site)),
        supervisor.start(prometheus.server(options, site)),
        supervisor.start(alertmanager.server(options, site)),
        supervisor.start(postgres_exporter.exporter(options, site)),
    )
    await supervisor.start(haproxy.tools_balancer(options, site))


async def cut_off(supervisor: Supervisor, site: str) -> None:
    """What a provider does on order: takes the cluster's volume and address away from a site, whatever runs there."""
    names = [Postgres(supervisor.options, TOOLS).name(site), f"{site}/{TOOLS.prefix}haproxy"]
    await asyncio.gather(*(supervisor.stop(name, within_s=2) for name in names))
