"""How faults reach a kind of target. An experiment names faults, never drivers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from chaos.drivers.commands import CommandDriver
from chaos.drivers.dns.entry import DnsEntry
from chaos.drivers.lab import LabDriver
from targets.model import Target

__all__ = ["Driver", "NoDriver", "driver_for"]


class NoDriver(ValueError):
    """Nothing here can act on such a target."""


class Driver(Protocol):
    """What faults and takeover need of a target. Every call ends within a minute or raises OSError or RuntimeError."""

    def lacks(self, operation: str, service: str = "") -> str:
        """What the target lacks for one of the operations below; empty: nothing. Asks nobody.

        `service`: of that service; for `deploy` the deployment.
        """

    def kill_site(self, site: str, order: Sequence[str], pause_s: float) -> None:
        """Order the loss of a whole site."""

    def drain_site(self, site: str) -> None:
        """Order the loss of a site by way of its nodes: everything is moved away, and there is nowhere to go."""

    def restore_site(self, site: str) -> None:
        """Bring it back, its database as the mirror of whoever is active; harmless when it was not lost."""

    def rejoin(self, site: str) -> None:
        """A site that runs again, as the mirror of whoever is active; harmless for one that is."""

    def set_service(self, site: str, service: str, state: str) -> None:
        """Bring a service into a state: running, stopped, frozen."""

    def service_state(self, site: str, service: str) -> str:
        """That state, as the process table shows it."""

    def kill_service(self, site: str, service: str) -> int:
        """SIGKILL for a service's processes at once; the PID that was killed. What is started again by itself, is."""

    def service_pid(self, site: str, service: str) -> int | None:
        """PID of the service that runs there now."""

    def set_private_link(self, state: str) -> None:
        """The link between the sites: down, or one-way (it passes from the first site only)."""

    def slow_private_link(self, more_ms: float) -> None:
        """By so many more milliseconds one way."""

    def lossy_private_link(self, loss: float) -> None:
        """That share of the packets that each site sends over it is lost."""

    def mend_private_link(self) -> None:
        """Up again, and every site whose store was left behind is a mirror again; harmless when nothing was broken."""

    def private_round_trip_ms(self) -> float | None:
        """Over that link, measured now; None: nothing comes back."""

    def private_loss(self, rounds: int) -> float:
        """Share of so many round trips over that link that do not come back at the first attempt, measured now."""

    def set_api_server(self, site: str, state: str) -> None:
        """The Kubernetes API of the site: stopped, that is not to be reached, or running."""

    def api_server_answers(self, site: str) -> bool:
        """Whether a new connection to it comes about."""

    def set_monitors_link(self, site: str, state: str) -> None:
        """Take the network of a site's monitors up or down."""

    def set_dns_updates(self, state: str) -> None:
        """refused: whoever wants to change a DNS entry by the provider's update interface is refused; taken: not any more."""

    def dns_updates(self) -> str:
        """taken or refused, by an update that would change nothing."""

    def set_second_name_server(self, state: str) -> None:
        """stale: an authoritative server follows no change any more; following: it does again."""

    def second_name_server(self) -> str:
        """stale or following, by a change that nobody asks for."""

    def misdirect_entry(self) -> None:
        """Point the service's DNS entry to a host of somebody else, who answers."""

    def mend_entry(self) -> None:
        """Point it to the site that is active; harmless when it does already."""

    def entry(self) -> dict[str, list[str]]:
        """What each authoritative server answers now, by its name."""

    def ask_people(self, steps: Sequence[str]) -> None:
        """From now on these steps of the takeover wait for somebody's approval; none: nobody is asked any more."""

    def approve(self, step: str, by: str, reason: str) -> None:
        """Let a step go on."""

    def deploy(self, site: str, deployment: str) -> int:
        """The site's servers with an expired certificate, with a clock that is ahead, as an older release; or as they should be.

        `deployment`: expired-certificate, clock-ahead, old-release, as-it-should-be. Returns when it began with the first one
        (CLOCK_MONOTONIC, ns).
        """

    def deployed(self, site: str) -> list[dict[str, Any]]:  # certificate_ends_s (Unix time), clock_s, release
        """What each of the site's servers shows: clock_s is how far it is ahead of ours."""

    def fill_quota(self, site: str, *, full: bool) -> None:
        """Let no further pod into the namespace of the site's servers, or again; harmless when it is so."""

    def admits_pod(self, site: str) -> bool:
        """Whether one more pod is, by asking for one."""

    def throttle(self, site: str, share: float) -> None:
        """Give the site's servers only that share of the processor time that they want; 1: all."""

    def stopped_share(self, site: str) -> float:
        """Share of the time in which the process table shows them stopped, looked at for a second."""

    def cut_connections(self, site: str) -> int:
        """End every connection between patients and the site's servers; how many there were."""

    def fill_volume(self, site: str, *, full: bool) -> None:
        """Fill the volume of a site's database, or free it; harmless when it was not filled."""

    def volume_writable(self, site: str) -> bool:
        """By writing to it."""

    def cut_mirror(self, site: str) -> None:
        """The site's database follows the active one no more."""

    def let_mirror_follow(self, site: str) -> None:
        """It may again; harmless for one that follows, or that is active by now."""

    def mirror_lag(self, site: str) -> tuple[bool, int]:
        """Whether it receives, and how many bytes more it lacks after a second."""

    def renew_lease(self, holder: str, ttl_s: float) -> None:
        """Whatever was broken on order is mended by the target itself when this was not renewed for so long."""

    def release_lease(self) -> None:
        """Nothing is broken any more: nothing is to be mended."""

    def set_uploads(self, site: str, state: str) -> None:
        """refused: the service may not write any more, and nothing else changes; taken: it may again."""

    def uploads_state(self, site: str) -> tuple[str, bool]:
        """taken or refused, as the store says; and whether the health page, asked from outside, says ready."""

    def mirrored(self, site: str) -> bool:
        """Whether the product's database of that site is a mirror that the active one waits for, or sends to, as it should."""

    def hand_over(self, site: str) -> None:
        """The planned way: make that mirror the active site, from one that is well. Returns when it is declared."""

    def takeover_steps(self) -> list[dict[str, Any]]:  # t_monotonic_ns, cluster, site, step, state, why
        """What the runbooks of all clusters did so far."""

    def perform(self, site: str, step: str) -> None:
        """One step of the runbook at the surviving site."""

    def read_store(self, site: str, file: Path) -> dict[str, Any]:  # JSON values: proof, volume_of_dead_site
        """Everything that a site's store holds, as NDJSON in `file`."""


def driver_for(target: Target) -> Driver:
    """The driver of a target. Raises NoDriver."""
    lab = LabDriver(target, target.control) if target.control is not None else None
    if target.kubernetes is not None:
        # its libraries take a second to load, which nobody else should wait for
        from chaos.drivers.kubernetes.driver import KubernetesDriver  # noqa: PLC0415

        rest = lab or DnsEntry(target, CommandDriver(target.name, target.kubernetes.commands))
        # what is not its own it hands on by name, which no type checker follows
        return cast("Driver", KubernetesDriver(target.kubernetes, rest))
    if lab is None:
        raise NoDriver(
            f"target {target.name!r}: it has no control socket and no kubernetes section: nothing can act on it"
        )
    return lab
