"""The embedded lab, commanded through its control socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from targets.lab_control import LabControl

# by the name that plans use: the channels to the people on duty stand outside both sites
_OUTSIDE = ("oncall", "pager")
_OF_THE_PRODUCT = {"server": "vitals0", "analysis": "analysis", "balancer": "haproxy", "database": "postgres"}


class LabDriver:
    """See `chaos.drivers.Driver`."""

    def __init__(self, control: Path) -> None:
        self._lab = LabControl(control, timeout_s=120)

    def kill_site(self, site: str, order: Sequence[str], pause_s: float) -> None:
        self._lab.call("kill", site=site, order=list(order), pause_s=pause_s)

    def restore_site(self, site: str) -> None:
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

    def set_private_link(self, state: str, more_ms: float) -> None:
        self._lab.call("link", state=state, more_ms=more_ms)

    def mend_private_link(self) -> None:
        self._lab.call("link", state="up")
        status = self._lab.call("status")
        for site, database in status["databases"].items():
            if database["role"] == "down" or status["sites"][site]["fenced"]:
                self._lab.call("heal", site=site)

    def private_round_trip_ms(self) -> float | None:
        trip = self._lab.call("round-trip")["round_trip_ms"]
        return None if trip is None else float(trip)

    def set_monitors_link(self, site: str, state: str) -> None:
        self._lab.call("monitors-link", site=site, state=state)

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
