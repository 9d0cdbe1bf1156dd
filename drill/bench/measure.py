"""CPU time and memory of a whole process tree between two moments."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True)
class Used:
    """cpu_ms per upload, uploads a second, resident memory of the biggest process."""

    cpu_ms: float
    per_second: float
    rss_mb: float


def steady(process: subprocess.Popen[bytes], count: Callable[[], int], settle_s: float, window_s: float) -> Used:
    """Per upload, over `window_s`, after `settle_s` (imports and ramp-up are not of interest)."""
    time.sleep(settle_s)
    cpu, uploads, began = _cpu(process.pid), count(), time.monotonic()
    time.sleep(window_s)
    cpu_after, uploads_after, ended = _cpu(process.pid), count(), time.monotonic()
    done = uploads_after - uploads
    if done <= 0:
        raise RuntimeError(f"process {process.pid}: no upload in {window_s:g} s")
    biggest = max(member.memory_info().rss for member in _family(process.pid))
    return Used(round((cpu_after - cpu) / done * 1000, 3), round(done / (ended - began), 1), round(biggest / 2**20, 1))


def whole(command: Sequence[str], cwd: Path) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a command run to its end. Raises CalledProcessError."""
    began = time.monotonic()
    # by a small process in between: a child's peak memory begins with what its parent held when it was started
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *command], check=True, cwd=cwd, capture_output=True, text=True, timeout=600
    )
    return round(time.monotonic() - began, 2), round(int(done.stdout.split()[-1]) / 1024, 1)


def _family(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def _cpu(pid: int) -> float:
    return float(sum(sum(member.cpu_times()[:2]) for member in _family(pid)))
