"""What a drill may leave behind on this machine: processes, mounts, folders. Taken after everything has ended."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import psutil


def left_behind(marks: Iterable[Path]) -> list[str]:
    """Whatever still names one of these paths (run folder, lab state), and our own children that still live; one line each."""
    return [*still_naming(marks), *_children()]


def still_naming(marks: Iterable[Path]) -> list[str]:
    """Processes (but this one and those above it) and mounts that name one of these paths; one line each."""
    texts = [str(mark) for mark in marks]
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["pid"] not in own and any(text in line for text in texts):
            found.append(f"process {process.info['pid']}: {line[:120]}")
    for mount in Path("/proc/self/mounts").read_text().splitlines():
        if any(text in mount for text in texts):
            found.append(f"mount {mount.split()[1]}")
    return found


def _children() -> list[str]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile: that is what is asked for
            if child.status() != psutil.STATUS_ZOMBIE:
                found.append(f"child process {child.pid}: {' '.join(child.cmdline())[:120]}")
    return found
