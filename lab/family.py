"""A process and all its children, as the process table shows them."""

from __future__ import annotations

import contextlib
import signal

import psutil


def lives(process: psutil.Process) -> bool:
    """Not when it has ended and only waits to be noticed."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def family(pid: int) -> list[psutil.Process]:
    """Children first; none when there is no such process."""
    try:
        first = psutil.Process(pid)
        return [*first.children(recursive=True), first]
    except psutil.NoSuchProcess:
        return []


def send(pid: int, number: signal.Signals) -> None:
    """To a process and all its children."""
    for member in family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(number)


def kill(pid: int) -> list[psutil.Process]:
    """SIGKILL for all of them; who they are."""
    members = family(pid)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    return members
