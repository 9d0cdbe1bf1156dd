"""How a drill starts Locust: alone, with processes of its own, or as the master of workers elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drill import children
from drill.children import LoadGenerator
from results.clock import Clock
from results.plan import Plan


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({}, []),
        ({"workers": 2}, ["--processes", "2"]),
        ({"workers": 4, "elsewhere": True}, ["--master", "--expect-workers", "4"]),
        ({"workers": 1, "elsewhere": True}, ["--master", "--expect-workers", "1"]),
    ],
)
def test_workers_are_where_the_plan_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, load: dict[str, Any], words: list[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(children, "_start", lambda command, log, clock: started.append(command))
    plan = Plan.model_validate({"drill": "x", "load": load})
    LoadGenerator(tmp_path, tmp_path / "target.yaml", plan, Clock.anchored_now())
    (command,) = started
    assert command[command.index("--skip-log-setup") + 1 :] == words
