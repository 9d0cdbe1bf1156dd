"""What the lab is made of: zones (network namespaces), addresses, processes, options.

::

    patients ── near, middle, far ──┐                        ┌── witness
                                 internet (router)───────────┤
   monitors-fra ─── fra ────────────┤   └──────── gra ─── monitors-gra
                     └── private link (wire) ──────┘            dns  (ns1, ns2 authoritative; three resolvers; who is on call)

Public addresses come from the documentation and benchmark ranges (RFC 5737, RFC 2544), so that nothing real is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

SITES = ("fra", "gra")
PUBLIC = {"fra": "198.51.100.10", "gra": "203.0.113.10"}
PRIVATE = {"fra": "10.77.0.1", "gra": "10.77.0.2"}
AUTHORITATIVE = {"ns1": "192.0.2.53", "ns2": "192.0.2.54"}
RESOLVERS = {"honest": "192.0.2.101", "clamped": "192.0.2.102", "stale": "192.0.2.103"}
PATIENTS = {"near": "198.18.1.2", "middle": "198.18.2.2", "far": "198.18.3.2"}
WITNESS = "198.18.9.2"
# monitors have a network of their own, which leads out through their site's: they are lost with it, and can be lost alone
MONITORS = {"fra": "198.18.21.2", "gra": "198.18.22.2"}
ZONE = "heart.test"
RECORD = "vitals.heart.test"
STOP_RECORD = f"_stop-drill.{ZONE}"
TOOLS_RECORD = "tools.heart.test"
TOOLS_PUBLIC = {"fra": "198.51.100.20", "gra": "203.0.113.20"}
# somebody else's service outside both sites, which calls the people on duty
# two channels, by different providers: one that is broken must not keep an alert from everybody
ONCALL = {"oncall": ("oncall.heart.test", "192.0.2.200"), "pager": ("pager.heart.test", "192.0.2.201")}
# somebody's telemetry service in another part of the world: nothing of the lab has any business there
ABROAD = ("telemetry.abroad.heart.test", "192.0.2.240")
# somebody's web host at the DNS provider's: where an entry may point to by a slip
STRANGER = "192.0.2.222"
HTTPS = 443
LOADTESTS_PORT = 9600  # where the load generator shows its figures to Prometheus, at the nearest patients' address
MONITORS_PORT = 9500  # where the monitors of a site show what they see, to the Prometheus there and to their peers


def monitors_zone(site: str) -> str:
    """The zone of a site's monitors; also the name of its link to the site, and of its vantage point."""
    return f"monitors-{site}"


def loadtests_address() -> str:
    """Where the load generator's figures are shown: at the address of the nearest patients."""
    return next(iter(PATIENTS.values()))


@dataclass(frozen=True)
class Options:
    """How a lab is brought up (see `results.plan.LabOptions` for the meaning; kept apart so that rooms stay apart)."""

    state: Path
    replication: str = "sync"
    defect: str = "none"
    ttl_s: int = 5
    clamp_s: int = 60
    servers_per_site: int = 2
    link_ms: float = 2
    distances_ms: Mapping[str, float] = field(default_factory=lambda: {"near": 5.0, "middle": 20.0, "far": 45.0})
    takeover: str = "observe"
    tools: bool = True
    volume_mb: int = 0
    kubernetes: bool = False

    def folder(self, *parts: str) -> Path:
        """A folder below the lab's state, made if missing."""
        path = self.state.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path


@dataclass(frozen=True)
class Ready:
    """How to see that a process serves: a TCP port that accepts, a command that exits 0, or a line in its log."""

    tcp: tuple[str, int] | None = None
    command: tuple[str, ...] | None = None
    log_line: str | None = None
    within_s: float = 30  # a machine that does much else may take a third of it


@dataclass(frozen=True)
class Process:
    """One server process of the lab.

    name     "<zone>/<service>", for example "fra/haproxy"; unique
    zone     network namespace it runs in; for a site also its PID namespace, so that it dies with the site
    argv     absolute program first
    env      added to a small clean environment
    ready    awaited before the next process of the zone is started
    restart  started again by the site's init when it ends by itself (a supervisor would)
    stop     signal for a clean stop ("INT" is PostgreSQL's fast shutdown)
    nice     how far it gives way where processor time is short (`lab.precedence`); a site's processes at least so far as
             the site does
    """

    name: str
    zone: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Ready = Ready()
    restart: bool = False
    stop: str = "TERM"
    cwd: Path | None = None
    nice: int = 0


@dataclass(frozen=True)
class Completed:
    """A one-off command's end."""

    code: int
    stdout: str
    stderr: str


class Supervisor(Protocol):
    """Starts and stops the lab's processes; the lab's init is one. What services need from it, and no more."""

    options: Options

    async def start(self, process: Process) -> None:
        """Start it in its zone and return when it is ready. Running: nothing to do. Raises ServiceFailed."""

    async def stop(self, name: str, within_s: float = 10) -> None:
        """Stop it cleanly by its signal, then by SIGKILL. Not running: nothing to do."""

    async def run(
        self,
        zone: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        within_s: float = 30,
        check: bool = True,
    ) -> Completed:
        """Run a command in a zone to its end. With `check`, raises ServiceFailed when it does not exit with 0."""


class ServiceFailed(RuntimeError):
    """A process of the lab did not start, did not become ready, or failed: one line with the end of its log."""
