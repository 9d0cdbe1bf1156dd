"""The lab that a drill brings up for itself, as its plan describes it, and takes down again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lab import launch
from lab.defects import OUTSIDE_THE_LAB
from lab.model import Options
from results.plan import Plan


@contextlib.contextmanager
def embedded_lab(plan: Plan, state: Path) -> Iterator[Path]:
    """Its target file; down again afterwards, whatever happens. Raises lab.launch.LabError."""
    asked = plan.lab
    options = Options(
        state=state,
        replication=asked.replication,
        defect="none" if asked.defect in OUTSIDE_THE_LAB else asked.defect,
        ttl_s=asked.ttl_s,
        clamp_s=asked.clamp_s,
        servers_per_site=asked.servers_per_site,
        link_ms=asked.link_ms,
        distances_ms=asked.distances_ms,
        takeover=plan.takeover,
        tools=asked.tools,
        volume_mb=asked.volume_mb,
    )
    try:
        yield launch.up(options, die_with_caller=True).target
    finally:
        if state.exists():
            launch.down(state)
