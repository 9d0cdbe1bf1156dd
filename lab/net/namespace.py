"""Entering a zone's network namespace for a moment.

A socket stays in the namespace it was made in. So it is enough to be in a zone while a socket is created, and the event
loop may use that socket from anywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from pyroute2 import IPRoute

_CLONE_NEWNET = 0x40000000
_MS_BIND = 4096
_libc = ctypes.CDLL(None, use_errno=True)

FOLDER = Path("/run/netns")


def make(zone: str) -> None:
    """A new network namespace under that name. (pyroute2 would fork here; a fork shares this process's signal pipe.)"""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    path = FOLDER / zone
    path.touch()
    try:
        _must(_libc.unshare(_CLONE_NEWNET), "unshare")
        try:
            _must(_libc.mount(b"/proc/thread-self/ns/net", os.fsencode(path), b"none", _MS_BIND, None), "mount")
        finally:
            _setns(home)
    finally:
        os.close(home)


@contextlib.contextmanager
def inside(zone: str) -> Iterator[None]:
    """Run the body in that zone's network. Synchronous code only: the whole thread moves there and back."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(FOLDER / zone, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def socket_in(zone: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A non-blocking IPv4 socket that lives in that zone."""
    with inside(zone):
        made = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    made.setblocking(False)
    return made


def set_sysctl(zone: str, name: str, value: str) -> None:
    """Write ``/proc/sys/<name>`` of that zone."""
    with inside(zone):
        Path("/proc/sys", name).write_text(value)


@contextlib.contextmanager
def routing(zone: str) -> Iterator[IPRoute]:
    """Interfaces, addresses and routes of a zone. Not within a running event loop: pyroute2 runs one of its own."""
    with inside(zone), IPRoute() as route:
        yield route


def _setns(fd: int) -> None:
    _must(_libc.setns(fd, _CLONE_NEWNET), "setns")


def _must(result: int, call: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
