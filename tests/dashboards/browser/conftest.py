from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards.browser.samples import write_some


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty results folder."""
    (tmp_path / "runs").mkdir()
    return tmp_path


@pytest.fixture
def some(home: Path) -> Path:
    """A results folder with a year's drills."""
    write_some(home)
    return home
