"""The embedded lab, commanded through its control socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from targets.lab_control import LabControl, LabRefused
from targets.model import Target

# by the name that plans use: the channels to the people on duty stand outside both sites
_OUTSIDE = ("oncall", "pager")
_OF_THE_PRODUCT = {"server": "vitals0", "analysis": "analysis", "balancer": "haproxy", "database": "postgres"}

_OF_CLUSTERS = ("fill_quota", "admits_pod")
_DEPLOYMENTS: dict[str, dict[str, Any]] = {
    "expired-certificate": {"certificate": "expired"},
    "clock-ahead": {"clock_s": 90},
    "old-release": {"release": "0.9.0"},
    "as-it-should-be": {"certificate": "valid"},
}


class LabDriver:
    """See `chaos.drivers.Driver`."""

    def __init__(self, target: Target, control: Path) -> None:
        self._target = target
        self._lab = LabControl(control, timeout_s=120)
        self._first, self._second = (each.name for each in target.zone.authoritative)

    def kill_site(self, site: str, order: Sequence[str], pause_s: float) -> None:
        self._lab.call("kill", site=site, order=list(order), pause_s=pause_s)

    def drain_site(self, site: str) -> None:
        raise LabRefused(f"drain {site}: {self.lacks('drain_site')}")

    def lacks(self, operation: str, service: str = "") -> str:
        if operation == "drain_site":
            return "the lab has nodes by way of Kubernetes only (lab.kubernetes: true)"
        if operation in ("set_api_server", "api_server_answers") and self._target.kubernetes is None:
            return "this lab does not speak Kubernetes (lab.kubernetes: true)"
        if operation in _OF_CLUSTERS:
            return f"it needs clusters: a kubernetes section of the target, or lab.kubernetes: true ({operation})"
        return ""

    def restore_site(self, site: str) -> None:
        self._lab.call("heal", site=site)

    def rejoin(self, site: str) -> None:
        self._lab.call("heal", site=site)

    def set_service(self, site: str, service: str, state: str) -> None:
        self._lab.call("service", name=_process(site, service), state=state)

    def service_state(self, site: str, service: str) -> str:
        return str(self._lab.call("service", name=_process(site, service))["state"])

    def kill_service(self, site: str, service: str) -> int:
        return int(self._lab.call("service", name=_process(site, service), state="killed")["killed"])

    def service_pid(self, site: str, service: str) -> int | None:
        pid = self._lab.call("service", name=_process(site, service))["pid"]
        return None if pid is None else int(pid)

    def set_private_link(self, state: str) -> None:
        self._lab.call("link", state=state)

    def slow_private_link(self, more_ms: float) -> None:
        self._lab.call("link", state="slow", more_ms=more_ms)

    def lossy_private_link(self, loss: float) -> None:
        self._lab.call("link", state="lossy", loss=loss)

    def mend_private_link(self) -> None:
        self._lab.call("link", state="up")
        status = self._lab.call("status")
        for site, database in status["databases"].items():
            if database["role"] == "down" or status["sites"][site]["fenced"]:
                self._lab.call("heal", site=site)

    def private_round_trip_ms(self) -> float | None:
        trip = self._lab.call("round-trip")["round_trip_ms"]
        return None if trip is None else float(trip)

    def private_loss(self, rounds: int) -> float:
        return float(self._lab.call("lost", rounds=rounds)["share"])

    def set_api_server(self, site: str, state: str) -> None:
        self._lab.call("api-server", site=site, state=state)

    def api_server_answers(self, site: str) -> bool:
        return bool(self._lab.call("api-server", site=site)["state"] == "running")

    def set_monitors_link(self, site: str, state: str) -> None:
        self._lab.call("monitors-link", site=site, state=state)

    def set_dns_updates(self, state: str) -> None:
        self._lab.call("name-server", name=self._first, state="held" if state == "refused" else "live")

    def dns_updates(self) -> str:
        return "refused" if self._lab.call("name-server", name=self._first)["state"] == "held" else "taken"

    def set_second_name_server(self, state: str) -> None:
        self._lab.call("name-server", name=self._second, state="held" if state == "stale" else "live")

    def second_name_server(self) -> str:
        return "stale" if self._lab.call("name-server", name=self._second)["state"] == "held" else "following"

    def misdirect_entry(self) -> None:
        self._lab.call("misdirect", record=self._target.zone.record)

    def mend_entry(self) -> None:
        databases = self._lab.call("status")["databases"]
        active = next((site for site, each in databases.items() if each["role"] == "primary"), None)
        if active is None:
            raise LabRefused("no site's database is primary: nobody knows where the DNS entry should point to")
        self._lab.call("record", record=self._target.zone.record, address=self._target.site(active).address)

    def entry(self) -> dict[str, list[str]]:
        return dict(self._lab.call("record", record=self._target.zone.record)["answers"])

    def ask_people(self, steps: Sequence[str]) -> None:
        self._lab.call("approvals", steps=list(steps))

    def approve(self, step: str, by: str, reason: str) -> None:
        self._lab.call("approvals", approve=step, by=by, reason=reason)

    def deploy(self, site: str, deployment: str) -> int:
        return int(self._lab.call("servers", site=site, **_DEPLOYMENTS[deployment])["t_ns"])

    def deployed(self, site: str) -> list[dict[str, Any]]:
        return list(self._lab.call("servers", site=site)["servers"])

    def fill_quota(self, site: str, *, full: bool) -> None:
        raise LabRefused(f"{site}: {self.lacks('fill_quota')}")

    def admits_pod(self, site: str) -> bool:
        raise LabRefused(f"{site}: {self.lacks('admits_pod')}")

    def throttle(self, site: str, share: float) -> None:
        self._lab.call("throttle", site=site, share=share)

    def stopped_share(self, site: str) -> float:
        return float(self._lab.call("throttle", site=site)["stopped"])

    def cut_connections(self, site: str) -> int:
        return int(self._lab.call("cut-connections", site=site)["cut"])

    def fill_volume(self, site: str, *, full: bool) -> None:
        self._lab.call("volume", site=site, state="full" if full else "free")

    def volume_writable(self, site: str) -> bool:
        return bool(self._lab.call("volume", site=site)["writable"])

    def cut_mirror(self, site: str) -> None:
        self._lab.call("mirroring", site=site, state="cut")

    def let_mirror_follow(self, site: str) -> None:
        if self._lab.call("status")["databases"][site]["role"] != "down":
            self._lab.call("mirroring", site=site, state="following")

    def mirror_lag(self, site: str) -> tuple[bool, int]:
        lag = self._lab.call("mirroring", site=site)
        return bool(lag["follows"]), int(lag["grew_bytes"])

    def renew_lease(self, holder: str, ttl_s: float) -> None:
        self._lab.call("lease", holder=holder, ttl_s=ttl_s)

    def release_lease(self) -> None:
        self._lab.call("lease", release=True)

    def set_uploads(self, site: str, state: str) -> None:
        self._lab.call("uploads", site=site, state=state)

    def uploads_state(self, site: str) -> tuple[str, bool]:
        answer = self._lab.call("uploads", site=site)
        return str(answer["uploads"]), bool(answer["ready"])

    def mirrored(self, site: str) -> bool:
        status = self._lab.call("status")
        wanted = status["options"]["replication"]
        return any((each.get("mirror"), each.get("sync")) == (site, wanted) for each in status["databases"].values())

    def hand_over(self, site: str) -> None:
        self._lab.call("hand-over", site=site)

    def takeover_steps(self) -> list[dict[str, Any]]:
        return [{**step, "t_monotonic_ns": step["t"]} for step in self._lab.call("journal")["steps"]]

    def perform(self, site: str, step: str) -> None:
        self._lab.call("takeover", site=site, step=step)

    def read_store(self, site: str, file: Path) -> dict[str, Any]:
        return self._lab.call("readback", site=site, file=str(file))


def _process(site: str, service: str) -> str:
    if service in _OUTSIDE:
        return f"dns/{service}"
    return f"{site}/{_OF_THE_PRODUCT.get(service) or f'tools-{service}'}"
