"""One drill at a time per target, by a lock beside the target file.

The kernel frees the lock when its holder ends, however that happens. What a crash leaves behind is said, not forgotten:
the file names the run that held it last, and while that run still owes an inverse (`chaos.undo`), nobody else gets the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType

from chaos import undo


class TargetBusy(RuntimeError):
    """Another drill holds the target, or a crashed one left something to undo; one line says which."""


class TargetLock:
    """Held from construction to `release`. Raises TargetBusy."""

    def __init__(self, target_file: Path, run: Path) -> None:
        self.path = target_file.with_name(f".{target_file.name}.drill")
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._holder()
            os.close(self._fd)
            whose = f" (run {holder.name})" if holder else ""
            raise TargetBusy(f"{target_file}: a drill is running on this target{whose}") from None
        before = self._holder()
        if before is not None and before != run and undo.owed(before):
            os.close(self._fd)
            raise TargetBusy(
                f"{target_file}: run {before.name} ended without undoing what it did; "
                f"first: zweitherz undo {before.name}"
            )
        self._write(run)

    def release(self) -> None:
        """Give the target free. The name of a run that still owes something stays, so that the next drill is told."""
        if self._fd < 0:
            return
        holder = self._holder()
        if holder is None or not undo.owed(holder):
            os.ftruncate(self._fd, 0)
        os.close(self._fd)
        self._fd = -1

    def __enter__(self) -> TargetLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _holder(self) -> Path | None:
        text = os.pread(self._fd, 4096, 0)
        if not text:
            return None
        run = Path(json.loads(text)["run"])
        return run if run.is_dir() else None

    def _write(self, run: Path) -> None:
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps({"run": str(run.resolve()), "pid": os.getpid()}).encode(), 0)
        os.fsync(self._fd)
