"""The embedded lab, commanded through its control socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from targets.lab_control import LabControl

# by the name that plans use: the channels to the people on duty stand outside both sites
_OUTSIDE = ("oncall", "pager")


class LabDriver:
    """See `chaos.drivers.Driver`."""

    def __init__(self, control: Path) -> None:
        self._lab = LabControl(control, timeout_s=120)

    def kill_site(self, site: str, order: Sequence[str], pause_s: float) -> None:
        self._lab.call("kill", site=site, order=list(order), pause_s=pause_s)

    def restore_site(self, site: str) -> None:
        if not self._lab.call("status")["sites"][site]["alive"]:
            self._lab.call("heal", site=site)

    def set_service(self, site: str, service: str, state: str) -> None:
        self._lab.call("service", name=_process(site, service), state=state)

    def service_state(self, site: str, service: str) -> str:
        return str(self._lab.call("service", name=_process(site, service))["state"])

    def set_monitors_link(self, site: str, state: str) -> None:
        self._lab.call("monitors-link", site=site, state=state)

    def set_uploads(self, site: str, state: str) -> None:
        self._lab.call("uploads", site=site, state=state)

    def uploads_state(self, site: str) -> tuple[str, bool]:
        answer = self._lab.call("uploads", site=site)
        return str(answer["uploads"]), bool(answer["ready"])

    def takeover_steps(self) -> list[dict[str, Any]]:
        return [{**step, "t_monotonic_ns": step["t"]} for step in self._lab.call("journal")["steps"]]

    def perform(self, site: str, step: str) -> None:
        self._lab.call("takeover", site=site, step=step)

    def read_store(self, site: str, file: Path) -> dict[str, Any]:
        return self._lab.call("readback", site=site, file=str(file))


def _process(site: str, service: str) -> str:
    return f"dns/{service}" if service in _OUTSIDE else f"{site}/tools-{service}"
