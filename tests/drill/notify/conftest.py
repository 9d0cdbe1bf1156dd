from __future__ import annotations

from pathlib import Path

import pytest

from drill.notify.notice import Notice, notice_of
from lab import pki
from results.judge import Judgement, judge
from tests.results.story import green

NAME = "2026-11-23T16-30-00Z_story_7f3a"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pki.Keys:
    """An authority of its own; `tools` is a certificate for 127.0.0.1."""
    return pki.make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    run = tmp_path_factory.mktemp("run") / NAME
    return judge(green(run).write(run))


@pytest.fixture
def notice(judgement: Judgement) -> Notice:
    return notice_of(Path("runs") / NAME, judgement, 0, Path("report.en.html"), "https://drills.example.org/runs")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of mode 600 with a secret in it."""
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text("right\n")
    return file
