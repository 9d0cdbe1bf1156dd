"""Which of the lab's processes are the pods of which workload, and where each is asked whether it is well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab import model, tools
from lab.clusters import MAIN, TOOLS, Cluster
from lab.model import Options, Process, ServiceFailed
from lab.services import alertmanager, analysis, haproxy, postgres_exporter, prometheus, telemetry, vitals
from lab.services.postgres import Postgres, socket_folder

NAMESPACES = {"vitals": MAIN, "tools": TOOLS}


@dataclass(frozen=True)
class Health:
    """How a pod is asked whether it is well: a page over TLS under a host's name, a TCP port, or a Unix socket."""

    tcp: tuple[str, int] | None = None
    page: str | None = None
    host: str = ""
    unix: Path | None = None


@dataclass(frozen=True)
class Workload:
    """`processes` and `health` have one entry per pod that the lab has room for; `kind` is Deployment or StatefulSet."""

    name: str
    namespace: str
    kind: str
    site: str
    processes: tuple[str, ...]
    health: tuple[Health, ...]

    @property
    def cluster(self) -> Cluster:
        """The lab's cluster that its namespace stands for."""
        return NAMESPACES[self.namespace]

    @property
    def is_product(self) -> bool:
        """Whether its processes are the application servers, which can be deployed otherwise than they should be."""
        return (self.namespace, self.name) == ("vitals", "vitals")

    @property
    def is_database(self) -> bool:
        """Whether its start is more than starting a process: it must follow whoever is primary by then."""
        return self.kind == "StatefulSet"


def namespaces(options: Options, site: str) -> tuple[str, ...]:
    """Those that stand at a site; ``default`` is everywhere, and nothing runs in it."""
    return ("default", "vitals", "tools") if site in tools.sites(options) else ("default", "vitals")


def workloads(options: Options, site: str) -> list[Workload]:
    """All of a site."""
    numbers = range(options.servers_per_site)
    found = [
        Workload(
            "vitals",
            "vitals",
            "Deployment",
            site,
            tuple(vitals.name(site, number) for number in numbers),
            tuple(_page(vitals.FIRST_PORT + number, model.RECORD) for number in numbers),
        ),
        _one("analysis", "vitals", site, f"{site}/analysis", _page(analysis.PORT, analysis.HOST)),
        _one("balancer", "vitals", site, haproxy.name(site), Health(tcp=(MAIN.public[site], model.HTTPS))),
        _database(options, "vitals", site),
    ]
    if site in tools.sites(options):
        prefix = f"{site}/{TOOLS.prefix}"
        found += [
            *(
                _one(kind, "tools", site, prefix + kind, Health(tcp=("127.0.0.1", port)))
                for kind, port in telemetry.PORTS.items()
            ),
            _one("prometheus", "tools", site, prometheus.name(site), Health(tcp=("127.0.0.1", prometheus.PORT))),
            _one("alertmanager", "tools", site, f"{prefix}alertmanager", Health(tcp=("127.0.0.1", alertmanager.PORT))),
            _one(
                "postgres-exporter",
                "tools",
                site,
                f"{prefix}postgres-exporter",
                Health(tcp=(model.PRIVATE[site], postgres_exporter.PORT)),
            ),
            _one("balancer", "tools", site, f"{prefix}haproxy", Health(tcp=(TOOLS.public[site], model.HTTPS))),
            _database(options, "tools", site),
        ]
    return found


def process(options: Options, workload: Workload, ordinal: int, deployment: vitals.Deployment | None = None) -> Process:
    """How that pod's process is started when nobody remembers how it was. Not for databases. Raises ServiceFailed.

    `deployment` is for the application servers; None: as they should be.
    """
    site, wanted = workload.site, workload.processes[ordinal]
    made = {
        ("vitals", "vitals"): lambda: vitals.application_servers(options, site, deployment),
        ("vitals", "analysis"): lambda: [analysis.service(options, site)],
        ("vitals", "balancer"): lambda: [haproxy.balancer(options, site)],
        ("tools", "sentry"): lambda: telemetry.receivers(options, site),
        ("tools", "matomo"): lambda: telemetry.receivers(options, site),
        ("tools", "prometheus"): lambda: [prometheus.server(options, site)],
        ("tools", "alertmanager"): lambda: [alertmanager.server(options, site)],
        ("tools", "postgres-exporter"): lambda: [postgres_exporter.exporter(options, site)],
        ("tools", "balancer"): lambda: [haproxy.tools_balancer(options, site)],
    }[workload.namespace, workload.name]()
    for each in made:
        if each.name == wanted:
            return each
    raise ServiceFailed(f"{wanted}: no service of the lab makes it")


def _one(name: str, namespace: str, site: str, process: str, health: Health) -> Workload:
    return Workload(name, namespace, "Deployment", site, (process,), (health,))


def _page(port: int, host: str) -> Health:
    return Health(tcp=("127.0.0.1", port), page="/health/ready", host=host)


def _database(options: Options, namespace: str, site: str) -> Workload:
    cluster = NAMESPACES[namespace]
    health = Health(unix=socket_folder(site) / f".s.PGSQL.{cluster.port}")
    return Workload("postgres", namespace, "StatefulSet", site, (Postgres(options, cluster).name(site),), (health,))
