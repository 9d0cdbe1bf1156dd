"""Readings whose fate is planted, the evidence that a drill would have of them, and findings about it.

A fate says what happened; `told` turns it into what would have been recorded. Tests count what they planted and hold it against
what the checks measured: no check, and no query of one, has a part in that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results import run as runs
from results.checks import CHECKS
from results.evidence import Evidence
from results.finding import Finding
from results.judge import carry_out
from results.marks import find_marks
from results.plan import Plan
from tests.results.story import Attempt, Row, Story, Upload, green

RUN = "2026-11-23T16-30-00Z_story_7f3a"
TOOK_S, AGAIN_S = 0.05, 0.5  # an attempt, and from one to the next
_ELSEWHERE = 5000  # where a reading lies that is stored under another patient's name


@dataclass(frozen=True)
class Fate:
    """What happened to one reading.

    at        when it was due, in s since the fault
    ends      how each of its attempts ended, and at which site: ok, fail, info, "" (not on record)
    copies    rows with its key in the final read; `altered`: with another body, `moved`: under another patient's name
    rekeyed   one more row of it, under a key that is not of this run
    volume    it is on the lost site's volume
    """

    at: float
    ends: tuple[tuple[str, str], ...]
    copies: int = 1
    altered: bool = False
    moved: bool = False
    rekeyed: bool = False
    volume: bool = False

    @property
    def outcome(self) -> str:
        """By definitions 5.3."""
        ends = [end for end, _ in self.ends]
        if "ok" in ends:
            return "ok"
        if not ends:
            return "unsent"
        return "fail" if set(ends) == {"fail"} else "info"

    @property
    def acknowledgements(self) -> list[tuple[float, str]]:
        """When, and by which site, in order."""
        return [
            (round(self.at + AGAIN_S * number + TOOK_S, 3), site)
            for number, (end, site) in enumerate(self.ends)
            if end == "ok"
        ]

    @property
    def acknowledged(self) -> float | None:
        return min((at for at, _ in self.acknowledgements), default=None)

    def upload(self, patient: int) -> Upload:
        attempts = [
            Attempt(start, start + TOOK_S, end, site, error="" if end in ("ok", "") else "reset")
            for number, (end, site) in enumerate(self.ends)
            for start in [self.at + AGAIN_S * number]
        ]
        return Upload(patient, self.at, attempts, digest=patient + 1)


def bare() -> Story:
    """The story that passes, without its readings and lookups: its frame of phases, fault, takeover and final reads."""
    story = green(Path(RUN))
    story.uploads, story.lookups = [], []
    story.store("public-public", [])
    story.store("fra-volume", [])
    return story


def told(fates: Sequence[Fate], foreign: int = 0) -> Story:
    """The story of these fates, one patient each, and of so many rows that nobody sent."""
    story, tag = bare(), runs.tag(RUN)
    story.uploads = [fate.upload(patient) for patient, fate in enumerate(fates)]
    public: list[Row] = [Row(f"somebody-else-{number}", "p-004999", number + 1, 5, number) for number in range(foreign)]
    volume: list[Row] = []
    for patient, (fate, upload) in enumerate(zip(fates, story.uploads, strict=True)):
        (row,) = story.rows_of([upload], tag)
        volume += [row] if fate.volume else []
        for copy in range(fate.copies + fate.rekeyed):
            (stored,) = story.rows_of([upload], "00000000" if copy == fate.copies else tag)
            stored.ack = 10_000 + 10 * patient + copy
            stored.digest += 1000 * fate.altered
            stored.patient = f"p-{_ELSEWHERE + patient:06d}" if fate.moved else stored.patient
            public.append(stored)
    story.store("public-public", public)
    story.store("fra-volume", volume)
    return story


def findings(story: Story, *names: str) -> dict[str, Finding]:
    """What these checks say of a story, each as the judge carries it out."""
    with tempfile.TemporaryDirectory() as folder, Evidence(story.write(Path(folder) / RUN)) as evidence:
        evidence.plan = Plan.model_validate(story.plan)  # reading it from its file takes longer than all these checks
        marks = find_marks(evidence)
        return {name: carry_out(name, CHECKS[name], evidence, marks) for name in names}
