"""Comparisons of two runs: each made once, one at a time, in a process of its own that gives way to a drill."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pydantic import ValidationError

from results.comparison.model import Comparison
from results.manifest import MANIFEST, digest

_Key = tuple[str, str, str, str, bool]
_MOST_KEPT = 64
_WITHIN_S = 300.0


class NotCompared(RuntimeError):
    """No comparison came of it; one line says why."""


class Comparisons:
    """Kept by the runs' names and the digests of their manifests: evidence that is the same is not read again.

    made    how many have been made
    """

    def __init__(self) -> None:
        self._kept: dict[_Key, asyncio.Task[Comparison]] = {}
        self._one_at_a_time = asyncio.Semaphore(1)
        self.made = 0

    async def of(self, old: Path, new: Path, *, across: bool = False) -> Comparison:
        """`new` against `old`. Raises NotCompared."""
        key = (old.name, new.name, _digest(old), _digest(new), across)
        task = self._kept.get(key)
        if task is None:
            task = asyncio.create_task(self._make(old, new, across))
            self._kept[key] = task
            task.add_done_callback(lambda done: self._forget(key) if done.cancelled() or done.exception() else None)
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return await asyncio.shield(task)  # whoever asked first may go away; the next one wants it as well

    async def _make(self, old: Path, new: Path, across: bool) -> Comparison:
        async with self._one_at_a_time:
            self.made += 1
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "dashboards.browser.compared", str(old.resolve()), str(new.resolve())),
                *(["--across"] if across else []),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=Path(__file__).resolve().parent.parent.parent,
            )
            try:
                said, complained = await asyncio.wait_for(process.communicate(), _WITHIN_S)
            except TimeoutError:
                raise NotCompared(f"no end after {_WITHIN_S:.0f} s") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode:
            last = complained.decode(errors="replace").strip().rpartition("\n")[2]
            raise NotCompared(f"the comparison ended with {process.returncode}: {last[:300]}")
        try:
            return Comparison.model_validate_json(said)
        except ValidationError as error:
            raise NotCompared(f"no comparison came of it ({error.errors()[0]['msg']})") from error

    def _forget(self, key: _Key) -> None:
        """What went wrong is tried again when somebody asks again."""
        self._kept.pop(key, None)


def _digest(run: Path) -> str:
    """Of the manifest; a run without one is what it was when it was last written to."""
    try:
        return digest(run / MANIFEST)
    except OSError:
        return f"no manifest, {run.stat().st_mtime_ns}"
