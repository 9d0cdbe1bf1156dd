"""Names of runs and of files in them. Whatever leads out of the results folder is not there: no ``..``, no symbolic link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MOST_FILES = 500
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NotThere(LookupError):
    """No such run or file, or none that may be shown."""


@dataclass(frozen=True)
class Entry:
    """A file of a run: its name below the run's folder, its size in bytes."""

    name: str
    size: int


def run_folder(home: Path, name: str) -> Path:
    """The folder of the run of exactly that name. Raises NotThere."""
    if not _is_plain(name):
        raise NotThere(name)
    path = home / "runs" / name
    try:
        found = path.lstat()
    except (OSError, ValueError) as error:  # too long, or not to be encoded
        raise NotThere(name) from error
    if not stat.S_ISDIR(found.st_mode):
        raise NotThere(name)
    return path


def open_file(run: Path, name: str) -> int:
    """Descriptor, for reading, of a regular file below the run's folder; no part of its name may be a link. Raises NotThere."""
    parts = name.split("/")
    if not all(_is_plain(part) for part in parts):
        raise NotThere(name)
    try:
        folder = os.open(run, _DIRECTORY)
        try:
            for part in parts[:-1]:
                inner = os.open(part, _DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            # non-blocking: a pipe must not hold up whoever opens it
            fd = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
    except (OSError, ValueError) as error:
        raise NotThere(name) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotThere(name)
    return fd


def read_file(run: Path, name: str, most: int) -> bytes:
    """Content of a file, at most so many bytes. Raises NotThere, also for a file that is larger."""
    with os.fdopen(open_file(run, name), "rb") as content:
        found = content.read(most + 1)
    if len(found) > most:
        raise NotThere(f"{name}: more than {most} bytes")
    return found


def entries(run: Path) -> tuple[list[Entry], int]:
    """The run's regular files, ordered by name, without drafts, at most 500; and how many there are."""
    found = sorted(_files(run, ""), key=lambda entry: (entry.name.count("/"), entry.name))
    return found[:_MOST_FILES], len(found)


def _files(folder: Path, prefix: str) -> Iterator[Entry]:
    with os.scandir(folder) as listed:
        for each in listed:
            if not _is_plain(each.name) or each.name.endswith(".part"):
                continue
            try:
                if each.is_dir(follow_symlinks=False):
                    yield from _files(folder / each.name, f"{prefix}{each.name}/")
                elif each.is_file(follow_symlinks=False):
                    yield Entry(f"{prefix}{each.name}", each.stat(follow_symlinks=False).st_size)
            except FileNotFoundError:
                continue  # a drill in progress has just removed it


def _is_plain(name: str) -> bool:
    """One step down: no way up, no hidden file, nothing that a terminal or a header would not show as it is."""
    return bool(name) and not name.startswith(".") and "/" not in name and name.isprintable()
