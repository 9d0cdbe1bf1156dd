from __future__ import annotations

from pathlib import Path

import pytest

from results.comparison.figures import RunFigures
from tests.results.comparison.runs import NEW, OLD, measured, story


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both runs of the story, written once: read it, do not change it."""
    return tmp_path_factory.mktemp("pair")


@pytest.fixture(scope="session")
def old(stored: Path) -> RunFigures:
    return measured(stored / OLD, story(stored / OLD), 0)


@pytest.fixture(scope="session")
def same(stored: Path) -> RunFigures:
    """The story told again."""
    return measured(stored / NEW, story(stored / NEW), 1)
