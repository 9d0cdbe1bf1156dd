from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from results.checks import CHECKS
from results.evidence import Evidence
from results.finding import Finding
from results.judge import Judgement, carry_out, judge
from results.marks import find_marks
from tests.results.story import Story, green


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "2026-11-23T16-30-00Z_story_7f3a"


@pytest.fixture
def story(folder: Path) -> Story:
    """The story that passes every check."""
    return green(folder)


@pytest.fixture
def told(folder: Path) -> Callable[[Story], Judgement]:
    """The judgement of a story."""

    def tell(story: Story) -> Judgement:
        shutil.rmtree(folder, ignore_errors=True)
        return judge(story.write(folder))

    return tell


@pytest.fixture
def finding(folder: Path, told: Callable[[Story], Judgement]) -> Callable[[Story, str], Finding]:
    """One check's finding in a story, as the judge carries it out; the others are not asked, which saves their time."""

    def find(story: Story, name: str) -> Finding:
        if name not in CHECKS:
            return next(each for each in told(story).findings if each.name == name)
        shutil.rmtree(folder, ignore_errors=True)
        with Evidence(story.write(folder)) as evidence:
            return carry_out(name, CHECKS[name], evidence, find_marks(evidence))

    return find
