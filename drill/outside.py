"""Runs one of our readers where the witness stands, outside both sites, and takes its one line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from targets.model import Target

_HOME = Path(__file__).resolve().parent.parent


def ask_outside(target: Target, reader: str, *arguments: str, within_s: float) -> dict[str, Any]:  # JSON values
    """The answer of ``python -m drill.<reader> ARGUMENTS``; ``{"error": why}`` where it gave none."""
    command = [*target.vantage.get("witness", []), sys.executable, "-m", f"drill.{reader}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=within_s, check=False, cwd=_HOME)
    except subprocess.TimeoutExpired:
        return {"error": f"not finished after {within_s:g} s"}
    answer: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"error": done.stderr.strip()[-200:]}
    return answer
