"""The small drills of the proof run beside the other tests, two at a time from the first test on; their own tests come last and
judge them. Each waits for its system more than it computes: one after the other they would cost the suite most of its time.
Tests that bring up a drill of their own come after those: a third drill at once would find two cores too few.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from drill.proof.runner import Drills
from drill.proof.systems import small_systems
from lab.precedence import LAB_NICE, weigh_session

_AT_A_TIME = 2  # where the proof has three: there no test runs beside them
_GIVE_WAY = LAB_NICE + 5  # also to the labs of drills, which have to answer in time
_OURS = pytest.StashKey[Drills]()


def _drill_of(item: pytest.Item) -> str | None:
    """The name of the system that this test judges."""
    if not isinstance(item, pytest.Function) or "drills" not in item.fixturenames:
        return None
    return str(next(iter(item.callspec.params.values())))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (item.get_closest_marker("drill") is not None, _drill_of(item) is None))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    names = [name for item in session.items if (name := _drill_of(item)) is not None]
    if not names or session.config.option.collectonly:
        return (yield)
    results = Path(tempfile.mkdtemp(prefix="zweitherz-drills-"))
    systems = small_systems()
    ours = Drills({name: systems[name] for name in names}, results, _AT_A_TIME)
    session.config.stash[_OURS] = ours
    # drills are held to times, tests wait for events: on two cores a test that computes must not be what makes a drill late;
    # their labs, generators and monitors are sessions of their own; a shell that started the tests is in this one
    weigh_session(os.getpid(), _GIVE_WAY)
    try:
        return (yield)
    finally:
        ours.close()
        weigh_session(os.getpid(), 0)
        if session.testsfailed:
            print(f"\nthe evidence of the small drills is kept in {results}", file=sys.stderr)
        else:
            shutil.rmtree(results)


@pytest.fixture(name="drills")
def _drills(pytestconfig: pytest.Config) -> Drills:
    return pytestconfig.stash[_OURS]
