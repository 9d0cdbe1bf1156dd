"""A small real lab for the tests that only look at it; tests that break one bring up their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import launch
from lab.model import Options
from tests.lab.running import RunningLab

_LABS = frozenset({"lab", "state"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses a lab is marked so: those tests wait most of their time, and the suite runs the others beside them."""
    for item in items:
        if _LABS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """A healthy lab, shared: read it, upload to it, do not break it."""
    state = tmp_path_factory.mktemp("lab")
    up = launch.up(Options(state=state), die_with_caller=True)
    yield RunningLab(up)
    launch.down(state)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose lab, if a test brought one up, is ended."""
    folder = tmp_path / "lab"
    yield folder
    if folder.exists():
        launch.down(folder)
