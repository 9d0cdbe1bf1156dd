"""Real servers in namespaces of their own: a module of this folder is run there, and prints what it found as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab.launch import unshare
from tests.deploy.kubernetes.manifests import HOME


def facts_of(module: str, folder: Path) -> dict[str, Any]:
    """What the module of that name prints; `folder` is its own, and with a short path (a socket's has at most 108 bytes)."""
    done = subprocess.run(
        [*unshare(), sys.executable, "-m", f"tests.deploy.kubernetes.{module}", folder],
        cwd=HOME,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
