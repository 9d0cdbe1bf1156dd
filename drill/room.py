"""Is there room for what a drill will write? Asked before it begins: evidence must not end in the middle of a fault."""

from __future__ import annotations

import shutil
from pathlib import Path

from results.plan import Plan

# Measured: a drill's folder at its largest (history and its table, the reads as they arrive and their tables) holds about
# 1.2 kB per upload; twice that leaves room for retries. What an app reports to Matomo of each upload is 0.7 kB until it is a
# table. The rest is reports, plots, logs.
_PER_UPLOAD, _PER_ACTION, _REST = 2200, 700, 24 << 20


def needed_bytes(plan: Plan) -> int:
    """Upper estimate of what a run of that plan keeps on disk at a time."""
    phases = plan.phases
    seconds = phases.warm_up_s + phases.steady_s + phases.takeover_limit_s + phases.recovered_s
    per_upload = _PER_UPLOAD + (_PER_ACTION if plan.lab.tools else 0)
    return int(plan.load.rate * seconds * per_upload) + _REST


def missing_room(plan: Plan, folder: Path) -> str | None:
    """One line when the disk of that folder (which need not exist) is too small for the evidence, else None."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    free, needed = shutil.disk_usage(there).free, needed_bytes(plan)
    if free >= needed:
        return None
    return (
        f"disk of {folder}: {free >> 20} MiB free, {needed >> 20} MiB needed for the evidence; free some, "
        "or name another folder in ZWEITHERZ_RESULTS"
    )
