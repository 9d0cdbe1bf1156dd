"""A planned hand-over keeps the watching runbooks of its cluster still: what it does on purpose looks like the loss of a site.

The file is locked by the process that hands over, so that nothing is kept still by one that has died.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.clusters import Cluster
from lab.model import ServiceFailed


@contextmanager
def hand_over(state: Path, cluster: Cluster) -> Iterator[None]:
    """One is under way from here to the end of the block. Raises ServiceFailed when another one is."""
    with _file(state, cluster).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceFailed(f"hand-over of {cluster.name}: another one is under way") from None
        try:
            yield
        finally:
            file.write("ended\n")  # and so the file's time is that of the end


def calm_since(state: Path, cluster: Cluster) -> int | None:
    """When the last hand-over ended, in ns of the file system (0: there was none); None while one is under way."""
    path = _file(state, cluster)
    if not path.exists():
        return 0
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return path.stat().st_mtime_ns


def _file(state: Path, cluster: Cluster) -> Path:
    return state / f"hand-over-{cluster.name}.lock"
