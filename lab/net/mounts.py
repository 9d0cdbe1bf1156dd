"""The lab's private view of a few folders: nothing outside its own mount namespace changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab import model
from lab.model import ServiceFailed
from lab.servers import CACHE

_RESOLV = Path("/etc/resolv.conf")
# Debian's Alertmanager reads its templates from this path and from no other
_SHARE = Path("/usr/share")
_TEMPLATES = "prometheus/alertmanager"


def make_mounts(state: Path) -> None:
    """Own /run and /dev/shm, the lab's resolver for everybody, what unpacked programs want to find in /usr/share."""
    for folder in ("/run", "/dev/shm"):  # noqa: S108 - the lab's own, private tmpfs
        _mount("-t", "tmpfs", "-o", "mode=0755", "lab", folder)
    resolver = state / "resolv.conf"
    resolver.write_text(f"nameserver {model.RESOLVERS['honest']}\noptions timeout:1 attempts:2\n")
    if not _RESOLV.exists():
        raise ServiceFailed(f"{_RESOLV}: it does not exist; make an empty one, so that the lab can put its own over it")
    _mount("--bind", str(resolver), str(_RESOLV.resolve()))
    unpacked = CACHE / "usr/share"
    if not (_SHARE / _TEMPLATES).is_dir() and (unpacked / _TEMPLATES).is_dir():
        _mount("-t", "overlay", "-o", f"lowerdir={unpacked}:{_SHARE}", "lab", str(_SHARE))


def make_volume(folder: Path, size_mb: int) -> None:
    """A volume of that size, which can be full without anybody else's being so. Raises ServiceFailed."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"mode=0700,size={size_mb}m", "lab", str(folder))


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        raise ServiceFailed(f"mount {' '.join(arguments)}: {done.stderr.strip()}")
