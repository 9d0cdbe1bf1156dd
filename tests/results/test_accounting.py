"""The books must balance: histories made at random with known truth, counted by the checks (definitions 5.3, 5.5)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results import run as runs
from results.judge import judge
from tests.results.story import Attempt, Row, Upload, green


@dataclass(frozen=True)
class Fate:
    """What happened to one reading: how its attempts ended, how often it is stored, whether with another body."""

    attempts: tuple[str, ...]
    copies: int
    altered: bool

    @property
    def outcome(self) -> str:
        if "ok" in self.attempts:
            return "ok"
        if not self.attempts:
            return "unsent"
        return "fail" if set(self.attempts) == {"fail"} else "info"


_FATES = st.lists(
    st.builds(
        Fate,
        attempts=st.lists(st.sampled_from(["ok", "fail", "info", ""]), max_size=3).map(tuple),
        copies=st.sampled_from([0, 1, 1, 1, 2]),
        altered=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # each one is a whole run on disk
@given(fates=_FATES, foreign=st.integers(0, 3))
def test_every_reading_is_accounted_for_as_it_really_went(fates: list[Fate], foreign: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "2026-11-23T16-30-00Z_story_7f3a"
        found = {finding.name: finding.measured for finding in judge(_write(run, fates, foreign)).findings}

    def count(outcome: str) -> int:
        return sum(fate.outcome == outcome for fate in fates)

    def stored(outcome: str) -> int:
        return sum(fate.outcome == outcome and fate.copies > 0 for fate in fates)

    loss = found["data-loss"]
    assert loss["acknowledged"] == count("ok")
    assert loss["lost"] == count("ok") - stored("ok")
    assert loss["recovered"] == stored("info")
    assert loss["resurrected"] == stored("fail")
    assert loss["unexpected"] == foreign + sum(fate.copies for fate in fates if fate.outcome == "unsent")
    twice = found["duplicates"]
    assert twice["duplicated_keys"] == sum(fate.copies == 2 for fate in fates)
    assert twice["rows"] == sum(fate.copies for fate in fates) + foreign
    assert found["corruption"]["differing_digest"] == sum(fate.copies for fate in fates if fate.altered)


def _write(run: Path, fates: list[Fate], foreign: int) -> Path:
    story = green(run)
    story.uploads, rows = [], []
    for patient, fate in enumerate(fates):
        at = -10 + patient * 0.1
        attempts = [
            # "" is an attempt whose end is not on record
            Attempt(at + number, at + number + 0.05, outcome, error="reset" if outcome in ("fail", "info") else "")
            for number, outcome in enumerate(fate.attempts)
        ]
        upload = Upload(patient, at, attempts, digest=patient + 1)
        story.uploads.append(upload)
        for copy in range(fate.copies):
            (row,) = story.rows_of([upload], runs.tag(run.name))
            row.digest += 1000 * fate.altered
            row.ack = 10 * patient + copy
            rows.append(row)
    rows += [Row(f"somebody-else-{number}", "p-else", 1, 5, 900 + number) for number in range(foreign)]
    story.stored["public-public"] = rows
    for event in story.events:
        if event["kind"] == "readback" and event["data"]["path"] == "public":
            event["data"]["rows"] = len(rows)
    return story.write(run)
