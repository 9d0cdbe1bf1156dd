"""The embedded lab, commanded through its control socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from targets.lab_control import LabControl


class LabDriver:
    """See `chaos.drivers.Driver`."""

    def __init__(self, control: Path) -> None:
        self._lab = LabControl(control, timeout_s=120)

    def kill_site(self, site: str, order: Sequence[str], pause_s: float) -> None:
        self._lab.call("kill", site=site, order=list(order), pause_s=pause_s)

    def restore_site(self, site: str) -> None:
        if not self._lab.call("status")["sites"][site]["alive"]:
            self._lab.call("heal", site=site)

    def takeover_steps(self) -> list[dict[str, Any]]:
        # the tools cluster has a takeover of its own, which is not the product's
        steps = [step for step in self._lab.call("journal")["steps"] if step["cluster"] == "main"]
        return [{**step, "t_monotonic_ns": step["t"]} for step in steps]

    def perform(self, site: str, step: str) -> None:
        self._lab.call("takeover", site=site, step=step)

    def read_store(self, site: str, file: Path) -> dict[str, Any]:
        return self._lab.call("readback", site=site, file=str(file))
