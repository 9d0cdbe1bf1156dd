"""An exercise that brings up no lab: its run is a story, written when it "runs"."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drill.exercise import Outcome
from results import run as runs
from results.documents import write_documents
from results.judge import judge
from tests.results.comparison.runs import NEW, story
from tests.results.story import Story


@dataclass
class Played:
    """Takes the place of `drill.exercise.Exercise`. `change` makes another story of it; `exit_code` None: the verdict's own."""

    home: Path
    change: Callable[[Story], object] = lambda told: told
    exit_code: int | None = None
    begun: bool = False

    def stop(self) -> None:
        """Nothing runs."""

    def run(self) -> Outcome:
        """As a drill ends: judged, documents written, the latest run."""
        self.begun = True
        run = (self.home / "runs" / NEW).resolve()
        shutil.rmtree(run, ignore_errors=True)
        told = story(run)
        self.change(told)
        told.write(run)
        judgement = judge(run)
        write_documents(run, judgement)
        runs.make_latest(run)
        code = judgement.verdict.exit_code if self.exit_code is None else self.exit_code
        return Outcome(run, judgement, code)
