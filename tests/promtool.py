"""Prometheus's own checker, as the lab brings it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lab import servers


def promtool(folder: Path, *arguments: str) -> str:
    """What it says, run in that folder; a complaint of it fails the test."""
    done = subprocess.run(
        [servers.program("promtool"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **servers.environment()},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
