"""Hosts of a load generator as zones of a lab: each a network namespace with a link of its own to the lab's internet.

::

    zone load-master  10.79.9.2 ── 10.79.9.1 ┐
    zone load-0       10.79.0.2 ── 10.79.0.1 ├ zone internet ── sites, resolvers
    …                                        ┘

They share nothing but the kernel: networks, folders and anchors of clocks are their own.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from pyroute2 import IPRoute

from lab.net.namespace import FOLDER, make, routing

HOME = Path(__file__).resolve().parent.parent.parent
_MASTER = 9


def address(worker: int | None) -> str:
    """Of that worker's host. None: of the master's."""
    return f"10.79.{_MASTER if worker is None else worker}.2"


class Hosts:
    """A master's and so many workers' hosts. `vantage`: a prefix of the lab's target. Use as a context manager."""

    def __init__(self, vantage: Sequence[str], workers: int) -> None:
        (inside,) = (word.partition("=")[2] for word in vantage if word.startswith("--target="))
        self._command = [sys.executable, "-m", "tests.loadtests.hosts", inside, str(workers)]
        self._pids: list[int] = []

    def __enter__(self) -> Hosts:
        self._held = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HOME)
        assert self._held.stdout is not None
        line = self._held.stdout.readline()
        if not line:
            raise RuntimeError(f"no hosts: code {self._held.wait(10)}")
        self._pids = json.loads(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.communicate(timeout=10)

    def prefix(self, worker: int | None) -> list[str]:
        """What puts a process on that worker's host. None: on the master's."""
        pid = self._pids[-1 if worker is None else worker]
        return ["nsenter", "--preserve-credentials", "--user", "--net", f"--target={pid}", "--"]


def main(arguments: Sequence[str]) -> None:
    """``python -m tests.loadtests.hosts PID WORKERS``: in the lab of that process, until standard input is closed.

    Prints a process id for each host, the master's last: a process there, which ends with this one.
    """
    pid, count = arguments
    zones = {f"load-{number}": number for number in range(int(count))} | {"load-master": _MASTER}
    enter = ctypes.CDLL(None, use_errno=True).setns
    for name in ("user", "pid", "net", "mnt"):  # after the last, the host's /proc is out of sight
        _enter(enter, Path(f"/proc/{pid}/ns/{name}"))
    maker = os.fork()  # a child is in the lab's PID namespace and finds itself in the lab's /proc
    if not maker:
        _make(zones)
        os._exit(0)
    if os.waitpid(maker, 0)[1]:
        raise RuntimeError("the zones could not be made")
    held = []
    for zone in zones:
        _enter(enter, FOLDER / zone)
        held.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))
    print(json.dumps([each.pid for each in held]), flush=True)
    sys.stdin.read()


def _enter(setns: Callable[[int, int], int], namespace: Path) -> None:
    opened = os.open(namespace, os.O_RDONLY)
    if setns(opened, 0):
        raise OSError(ctypes.get_errno(), f"setns: {namespace}")
    os.close(opened)


def _make(zones: dict[str, int]) -> None:
    for zone, number in zones.items():
        make(zone)
        with IPRoute() as route:
            peer = {"ifname": zone, "net_ns_fd": "internet"}
            route.link("add", ifname="public", kind="veth", net_ns_fd=zone, peer=peer)
        for where, interface, last in ((zone, "public", 2), ("internet", zone, 1)):
            with routing(where) as route:
                index = route.link_lookup(ifname=interface)[0]
                route.addr("add", index=index, address=f"10.79.{number}.{last}", prefixlen=24)
                route.link("set", index=index, state="up")
                if where == zone:
                    route.link("set", index=1, state="up")
                    route.route("add", dst="0.0.0.0/0", gateway=f"10.79.{number}.1", oif=index)


if __name__ == "__main__":
    main(sys.argv[1:])
