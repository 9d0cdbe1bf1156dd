"""Where the runs lie, how they are named and found.

``results/runs/<id>/``, id = start (UTC), drill, four random digits: ``2026-11-23T16-30-00Z_site-loss_7f3a``.
``results/latest`` points to the last one. ``ZWEITHERZ_RESULTS`` names another folder than ``results``.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from pathlib import Path

VARIABLE = "ZWEITHERZ_RESULTS"
_LONGEST = 80  # characters of a drill's name in its folder's


class UnknownRun(ValueError):
    """No such run, or more than one; one line names what there is."""


def home() -> Path:
    """The folder with ``runs`` and ``latest``."""
    return Path(os.environ.get(VARIABLE) or "results")


def tag(run_id: str) -> str:
    """Eight hex digits that mark this run's idempotency keys."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:8]


def new_path(drill: str) -> Path:
    """Where a new run of that drill would lie; nothing is made. A drill may be called anything, a folder may not."""
    start = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", drill)[:_LONGEST]
    return (home() / "runs" / f"{start}_{safe}_{secrets.token_hex(2)}").resolve()


def create(drill: str) -> Path:
    """A new, empty run folder."""
    run = new_path(drill)
    run.mkdir(parents=True)
    return run


def make_latest(run: Path) -> None:
    """Point ``latest`` to this run, in one step."""
    link = home() / "latest"
    draft = link.with_name(f".latest.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(os.path.relpath(run, link.parent.resolve()))
    draft.replace(link)


def runs() -> list[Path]:
    """All runs, oldest first."""
    folder = home() / "runs"
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def find(name: str) -> Path:
    """The run of that id, unambiguous prefix, path, or ``latest``. Raises UnknownRun."""
    if name == "latest":
        link = home() / "latest"
        if not link.exists():
            raise UnknownRun(f"run 'latest': there is no run in {home() / 'runs'} yet")
        return link.resolve()
    path = Path(name)
    if path.is_dir() and (path / "plan.yaml").exists():
        return path.resolve()
    found = [run for run in runs() if run.name.startswith(name)]
    if len(found) == 1:
        return found[0].resolve()
    if found:
        raise UnknownRun(f"run {name!r}: {len(found)} runs begin so, the last is {found[-1].name}")
    last = ", ".join(run.name for run in runs()[-3:]) or "none"
    raise UnknownRun(f"run {name!r}: unknown; the last runs are {last}")
