"""What this machine can and cannot do for a lab, each with its remedy."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab import launch, servers

_ENOUGH_FDS = 4096
_ENOUGH_MEMORY = 2 << 30


@dataclass(frozen=True)
class Remark:
    """One thing looked at. `level`: ok; limited (works, with less); missing (a lab cannot come up)."""

    subject: str
    level: str
    found: str
    remedy: str = ""


def examine(folder: Path) -> list[Remark]:
    """Everything a lab with its state in `folder` needs, in the order in which it is needed."""
    return [
        _python(),
        _tools(),
        _namespaces(),
        _netem(),
        *_servers(),
        _descriptors(),
        _ports(),
        _memory(),
        _disk(folder),
    ]


def _python() -> Remark:
    found = ".".join(str(part) for part in sys.version_info[:3])
    level = "ok" if sys.version_info >= (3, 11) else "missing"
    return Remark("Python", level, found, "" if level == "ok" else "install Python 3.11 or newer")


def _tools() -> Remark:
    absent = [tool for tool in ("unshare", "nsenter", "mount", "sleep") if shutil.which(tool) is None]
    if absent:
        return Remark("tools", "missing", f"no {', '.join(absent)}", "apt-get install util-linux mount coreutils")
    return Remark("tools", "ok", "unshare, nsenter, mount")


def _namespaces() -> Remark:
    try:
        said = launch.user_namespaces_work()
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    if said is None:
        return Remark(
            "user namespaces", "ok", "work" + (" (as root)" if os.geteuid() == 0 else " (as an ordinary user)")
        )
    return Remark("user namespaces", "missing", said, launch.NAMESPACE_REMEDY)


def _netem() -> Remark:
    """Asked in a namespace of its own, so that nothing of the machine is touched."""
    probe = "from lab.net.links import netem_works_here as f; raise SystemExit(0 if f() else 3)"
    done = subprocess.run(
        [*launch.unshare(), sys.executable, "-c", probe], capture_output=True, timeout=30, check=False
    )
    if done.returncode == 0:
        return Remark("netem", "ok", "link delays by the kernel")
    return Remark(
        "netem",
        "limited",
        "not in this kernel: link delays by the user-space wire (about 0.5 ms CPU per upload)",
        "a kernel with sch_netem (Debian: linux-image-amd64), then modprobe sch_netem",
    )


def _servers() -> list[Remark]:
    absent = servers.missing()
    if absent:
        names = ", ".join(server.program for server in absent)
        how = (
            "run make setup" if shutil.which("apt-get") else f"install {', '.join(sorted({s.package for s in absent}))}"
        )
        return [Remark("servers", "missing", f"no {names}", how)]
    shown = servers.versions()
    return [Remark(name, "ok", shown[name]) for name in ("postgres", "haproxy", "knotd", "unbound")]


def _descriptors() -> Remark:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < _ENOUGH_FDS:
        return Remark("file descriptors", "limited", f"at most {hard}", "ulimit -Hn 20000 (limits.conf: nofile)")
    return Remark("file descriptors", "ok", f"at most {hard}")


def _ports() -> Remark:
    """The lab's own ports are in its namespaces; on the host it needs two free ones of the loopback."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        return Remark("loopback ports", "missing", str(error), "free some ports (ss -ltn shows who has them)")
    return Remark("loopback ports", "ok", "free; all other ports are inside the lab")


def _memory() -> Remark:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            free = int(line.split()[1]) << 10
            level = "ok" if free >= _ENOUGH_MEMORY else "limited"
            return Remark(
                "memory", level, f"{free >> 20} MiB available", "" if level == "ok" else "2 GiB is comfortable"
            )
    return Remark("memory", "limited", "unknown", "")


def _disk(folder: Path) -> Remark:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < launch.ENOUGH_BYTES:
        return Remark(
            "disk", "missing", f"{free >> 20} MiB free in {there}", f"{launch.ENOUGH_BYTES >> 20} MiB are needed"
        )
    return Remark("disk", "ok", f"{free >> 20} MiB free")
