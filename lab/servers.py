"""The server programs the lab needs: found where installed, else fetched without root into the clone.

Missing programs come from the distribution with their libraries: apt resolves and downloads with all its state in a
folder of ours, `dpkg -x` unpacks. Nothing is installed on the system, so nothing can hide a missing step. Packages that
the system has already are not downloaded again.

``python -m lab.servers`` makes sure that all are there; it is quick when they are. What only some people need, a browser
for pictures, PDFs and the tests of pages, is fetched when asked for: ``python -m lab.servers chromium``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "servers"
_SYSTEM = [Path(p) for p in ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")]
_IGNORE_INSTALLED = "ZWEITHERZ_IGNORE_INSTALLED"  # set in tests: only unpacked programs count
_FETCH_WITHIN_S = 300
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <include ignore_missing="yes" prefix="relative">etc/fonts/conf.d</include>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


class MissingServer(RuntimeError):
    """A program is not there and cannot be fetched; one line says what to install."""


@dataclass(frozen=True)
class Server:
    """A program, the package that brings it, and the argument that prints its version."""

    program: str
    package: str
    version: str = "--version"


SERVERS = (
    Server("postgres", "postgresql"),
    Server("initdb", "postgresql"),
    Server("pg_basebackup", "postgresql"),
    Server("pg_rewind", "postgresql"),
    Server("pg_ctl", "postgresql"),
    Server("haproxy", "haproxy", "-v"),
    Server("knotd", "knot"),
    Server("knotc", "knot"),
    Server("unbound", "unbound", "-V"),
    Server("prometheus", "prometheus"),
    Server("promtool", "prometheus"),
    Server("prometheus-alertmanager", "prometheus-alertmanager"),
    Server("prometheus-postgres-exporter", "prometheus-postgres-exporter"),
)
# not for everybody: fetched when asked for, and unpacked apart, so that the lab's servers never load its libraries
BROWSER = (Server("chromium", "chromium"),)


def program(name: str) -> Path:
    """Absolute path of a server program. Raises MissingServer."""
    found = _find(name)
    if found is None:
        package = next((server.package for server in (*SERVERS, *BROWSER) if server.program == name), name)
        how = "make setup" if _cache_of(name) == CACHE else f"python -m lab.servers {name}"
        raise MissingServer(f"{name}: not found; run '{how}', or install the package {package}")
    return found


def environment(name: str = "") -> dict[str, str]:
    """What that program needs in its environment (none named: the servers); empty when it is installed."""
    cache_folder = _cache_of(name)
    folders = _library_folders(cache_folder)
    found: dict[str, str] = {"LD_LIBRARY_PATH": ":".join(str(folder) for folder in folders)} if folders else {}
    if (fonts := cache_folder / "fonts.conf").exists():
        found["FONTCONFIG_FILE"] = str(fonts)
    return found


def versions() -> dict[str, str]:
    """First line of each program's own version, by program."""
    lines = {}
    for server in SERVERS:
        path = program(server.program)
        shown = subprocess.run(
            [path, server.version],
            env={**os.environ, **environment()},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        lines[server.program] = (shown.stdout or shown.stderr).partition("\n")[0].strip()
    return lines


def missing(wanted: Sequence[Server] = SERVERS) -> list[Server]:
    """Those whose program is nowhere."""
    return [server for server in wanted if _find(server.program) is None]


def fetch(wanted: Sequence[Server] = SERVERS) -> None:
    """Download and unpack what is missing of them; does nothing when nothing is. Raises MissingServer."""
    with _only_one():
        _find.cache_clear()  # somebody else may have unpacked it while we waited
        absent = missing(wanted)
        if not absent:
            return
        names = ", ".join(server.program for server in absent)
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            packages = " ".join(sorted({server.package for server in absent}))
            raise MissingServer(f"no apt on this machine: install {packages} (missing: {names}), then run this again")
        print(f"servers: fetching {names} (nothing is installed on the system)", file=sys.stderr)
        into = _cache_of(absent[0].program)
        _unpack(_download(sorted({server.package for server in absent}), into), into)
        _find.cache_clear()
        if still := missing(wanted):
            raise MissingServer(f"{', '.join(s.program for s in still)}: not in the packages that were unpacked")


@cache
def _find(name: str) -> Path | None:
    for folder in [*_installed_folders(), *_unpacked_folders(_cache_of(name))]:
        path = folder / name
        if os.access(path, os.X_OK) and path.is_file():
            return path
    return None


def _installed_folders() -> Iterator[Path]:
    if os.environ.get(_IGNORE_INSTALLED):
        return
    yield from _postgres_folders(Path("/"))
    yield from _SYSTEM
    yield from (Path(p) for p in os.environ.get("PATH", "").split(":") if p.startswith("/"))


def _cache_of(name: str) -> Path:
    """Where that program is unpacked."""
    return CACHE.with_name("browser") if any(server.program == name for server in BROWSER) else CACHE


def _unpacked_folders(root: Path) -> Iterator[Path]:
    yield from _postgres_folders(root)
    # Debian's /usr/bin/chromium is a script that knows absolute paths only
    for folder in ("usr/lib/chromium", "usr/sbin", "usr/bin", "sbin", "bin"):
        yield root / folder


def _postgres_folders(root: Path) -> list[Path]:
    """Newest version first. Debian keeps servers out of PATH, and its `psql` there is a wrapper."""
    folders = root.glob("usr/lib/postgresql/*/bin")
    return sorted(folders, key=lambda folder: float(re.sub(r"[^\d.]", "", folder.parent.name) or 0), reverse=True)


def _library_folders(root: Path) -> list[Path]:
    """Folders of unpacked shared libraries (also one level down: some programs keep private ones)."""
    roots = [root / "usr/lib", root / "lib"]
    folders = {path.parent for root in roots if root.is_dir() for path in root.glob("*-linux-*/*.so*")}
    folders |= {path.parent for root in roots if root.is_dir() for path in root.glob("*-linux-*/*/*.so*")}
    return sorted(folders, key=lambda folder: (len(folder.parts), str(folder)))


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """One set-up at a time in this clone; the lock dies with its holder."""
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with (CACHE.parent / "servers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(packages: Sequence[str], into: Path) -> list[Path]:
    state, cache_folder = into.parent / "apt-state", into.parent / f"apt-cache-{into.name}"
    (state / "lists/partial").mkdir(parents=True, exist_ok=True)
    (cache_folder / "archives/partial").mkdir(parents=True, exist_ok=True)
    status = Path("/var/lib/dpkg/status")
    if os.environ.get(_IGNORE_INSTALLED):
        status = state / "nothing-installed"
        status.touch()
    options = [
        *("-o", f"Dir::State={state}", "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache={cache_folder}"),
        *("-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1", "-o", "Acquire::Retries=3", "-qq"),
        # the image's hooks belong to its own cache: they would empty ours
        *("-o", "APT::Update::Post-Invoke=", "-o", "DPkg::Post-Invoke="),
    ]
    _apt([*options, "update"])
    plan = ["install", "-y", "--no-install-recommends", "--reinstall", "--download-only", *packages]
    _apt([*options, *plan])
    return sorted((cache_folder / "archives").glob("*.deb"))


def _apt(arguments: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            ["apt-get", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_FETCH_WITHIN_S,
            check=False,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired as error:
        raise MissingServer(f"apt-get {arguments[-1]}: no end after {_FETCH_WITHIN_S} s") from error
    if done.returncode:
        said = " ".join(line for line in done.stderr.splitlines() if line.startswith("E:")) or done.stderr.strip()
        raise MissingServer(f"apt-get could not download {arguments[-1]}: {said[:300]}")


def _unpack(archives: Sequence[Path], into: Path) -> None:
    """Unpack into a draft, then rename: an interrupted set-up leaves no half of a server behind."""
    draft = into.with_name(f"{into.name}.{os.getpid()}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    if into.exists():
        shutil.copytree(into, draft, symlinks=True)
    draft.mkdir(parents=True, exist_ok=True)
    for number, archive in enumerate(archives, 1):
        print(f"servers: unpacking {number}/{len(archives)} {archive.name.partition('_')[0]}", file=sys.stderr)
        subprocess.run(["dpkg", "-x", archive, draft], check=True, timeout=120)
    if (draft / "etc/fonts").is_dir():
        (draft / "fonts.conf").write_text(_FONTS)
    if into.exists():
        shutil.rmtree(into)
    draft.rename(into)


def main(names: Sequence[str] = ()) -> int:
    """Make sure that every server, or every program named, is there. Exit 64 with one line when that cannot be."""
    started = time.monotonic()
    known = {server.program: server for server in (*SERVERS, *BROWSER)}
    if unknown := [name for name in names if name not in known]:
        print(f"servers: {unknown[0]}: unknown; there are {', '.join(known)}", file=sys.stderr)
        return 64
    for wanted in (SERVERS, BROWSER) if names else (SERVERS,):
        asked = [server for server in wanted if server.program in names or not names]
        absent = bool(missing(asked))
        try:
            fetch(asked)
        except MissingServer as error:
            print(f"servers: {error}", file=sys.stderr)
            return 64
        if absent:
            folder = os.path.relpath(_cache_of(asked[0].program))
            print(f"servers: ready after {time.monotonic() - started:.0f} s in {folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
