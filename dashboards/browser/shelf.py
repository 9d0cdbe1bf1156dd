"""All runs of a results folder. Each verdict is read once, and again only when its file has become another one."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from results.listing import Listed, State, listed

_Stamp = tuple[int, int, int]  # of verdict.json: modified (ns), size, inode


@dataclass(frozen=True)
class _Kept:
    stamp: _Stamp | None
    run: Listed


class Shelf:
    """Runs of `home`. `read`: how many verdicts have been read so far."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "runs"
        self._kept: dict[str, _Kept] = {}
        self._one_at_a_time = threading.Lock()
        self.read = 0

    def runs(self) -> list[Listed]:
        """Newest first; folders that are not named as runs are last."""
        with self._one_at_a_time:
            found = {name: self._look(name) for name in self._names()}
            self._kept = found
        runs = [kept.run for kept in found.values()]
        return sorted(runs, key=lambda run: (run.started is not None, run.run), reverse=True)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return [each.name for each in entries if each.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return []

    def _look(self, name: str) -> _Kept:
        run = self._folder / name
        try:
            found = os.stat(run / "verdict.json", follow_symlinks=False)
        except OSError:
            stamp = None
        else:
            if not stat.S_ISREG(found.st_mode):
                return _Kept(None, Listed(name, run, None, name, State.DAMAGED, why="verdict.json is damaged: no file"))
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        kept = self._kept.get(name)
        if kept is not None and kept.stamp == stamp:
            return kept
        self.read += stamp is not None
        return _Kept(stamp, listed(run))
