"""``environment.json``: what a run was made with. No secrets: names of files only."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import psutil

from lab import servers
from targets.model import Target

_PACKAGES = (
    *("zweitherz", "locust", "chaostoolkit", "chaostoolkit-lib", "chaostoolkit-kubernetes", "granian", "asyncpg"),
    *("duckdb", "pyarrow", "pandas", "matplotlib", "numpy", "dnspython", "pydantic"),
)


def environment(
    target: Target, lab_status: dict[str, Any] | None, clock_error_ns: int
) -> dict[str, Any]:  # JSON values
    """Versions, machine, inventory of the target, links of the lab."""
    return {
        "schema": "zweitherz/environment/1",
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "cpu": cpu_model(),
            "memory_bytes": psutil.virtual_memory().total,
            "python": platform.python_version(),
            "root": os.geteuid() == 0,
            "load_before": os.getloadavg()[0],
        },
        "clock_error_ns": clock_error_ns,
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "servers": servers.versions() if lab_status is not None else {},
        "target": target.model_dump(mode="json", by_alias=True, exclude={"secrets", "vantage", "control"}),
        "lab": {name: lab_status[name] for name in ("links", "options", "databases")}
        if lab_status is not None
        else None,
    }


def cpu_model(table: Path = Path("/proc/cpuinfo")) -> str:
    """What the kernel calls the processor: its model name (x86) or its implementer and part (ARM), else its kind."""
    said = dict[str, str]()
    for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            said.setdefault(name.strip(), value.strip())
    if "model name" in said:
        return said["model name"]
    return " ".join(said[name] for name in ("CPU implementer", "CPU part") if name in said) or platform.machine()
