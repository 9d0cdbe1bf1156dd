"""Small drills run beside the other tests, two at a time from the first test on; their own tests come last and judge them.

Each waits for its system more than it computes: one after the other they would cost the suite most of its time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.drill.known_bad import SMALL, drills

HOME = Path(__file__).resolve().parent.parent.parent
_AT_A_TIME = 2  # with its lab, its start and its report a small drill uses half a core, and the other tests the rest
_OURS = pytest.StashKey["Drills"]()


class Drills:
    """Starts drills, some at a time, in the order given."""

    def __init__(self, names: Iterable[str], results: Path) -> None:
        self._pool = ThreadPoolExecutor(_AT_A_TIME)
        self._results = results
        self._running: dict[str, Future[dict[str, Any]]] = {}
        for name in names:
            drill, changes = drills()[name]
            self._running[name] = self._pool.submit(self._run, name, drill, changes)

    def verdict(self, name: str) -> dict[str, Any]:
        return self._running[name].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _run(self, name: str, drill: str, changes: dict[str, Any]) -> dict[str, Any]:
        sets = [f"--set={key}={value}" for key, value in {**SMALL, **changes}.items()]
        done = subprocess.run(
            [sys.executable, "-m", "drill.cli", "drill", drill, "--quick", "--plain", "--json", *sets],
            capture_output=True,
            text=True,
            cwd=HOME,
            env={**os.environ, "ZWEITHERZ_RESULTS": str(self._results / name)},
            timeout=300,
            check=False,
        )
        assert done.stdout, f"{name}: exit {done.returncode}: {done.stderr[-2000:]}"
        verdict: dict[str, Any] = json.loads(done.stdout)
        verdict["process_exit_code"] = done.returncode
        return verdict


def _drill_of(item: pytest.Item) -> str | None:
    """The name of the drill that this test judges."""
    if not isinstance(item, pytest.Function) or "drills" not in item.fixturenames:
        return None
    return str(next(iter(item.callspec.params.values())))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _drill_of(item) is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    names = [name for item in session.items if (name := _drill_of(item)) is not None]
    if not names or session.config.option.collectonly:
        return (yield)
    results = Path(tempfile.mkdtemp(prefix="zweitherz-drills-"))
    session.config.stash[_OURS] = ours = Drills(names, results)
    try:
        return (yield)
    finally:
        ours.close()
        if session.testsfailed:
            print(f"\nthe evidence of the small drills is kept in {results}", file=sys.stderr)
        else:
            shutil.rmtree(results)


@pytest.fixture(name="drills")
def _drills(pytestconfig: pytest.Config) -> Drills:
    return pytestconfig.stash[_OURS]
