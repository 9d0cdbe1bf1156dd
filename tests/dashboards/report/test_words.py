"""Both languages say the same things, and nothing that nobody asks them for."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest

from dashboards.report import audit, happenings, lights
from dashboards.report.model import Happening
from dashboards.report.plots import timeline
from dashboards.report.words import de, en
from results.checks import CHECKS
from results.finding import Verdict

HOME = Path(__file__).resolve().parents[3]
SOURCES = [
    *(path for path in (HOME / "dashboards" / "report").rglob("*.py") if path.parent.name != "words"),
    HOME / "dashboards" / "templates" / "report.html",
]
TEXT = "\n".join(path.read_text() for path in SOURCES)
# names that come out of plans and evidence, not out of our sources
NAMES = {*CHECKS, *Verdict, *map(str, range(1, 13)), "near", "middle", "far", "queued", "in_flight"}
NAMES |= set(re.findall(r"[\"']([\w-]+)[\"']", (HOME / "chaos" / "actions.py").read_text()))
LITERALS = {*re.findall(r"[\"']([\w.-]+)[\"']", TEXT), *NAMES}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert set(en.WORDS) == set(de.WORDS)


def test_values_have_the_same_places_in_both() -> None:
    assert {key for key in en.WORDS if places(en.WORDS[key]) != places(de.WORDS[key])} == set()


def used(key: str) -> bool:
    """As a literal, or put together: a prefix that the sources go on from, or a suffix that they put behind a name."""
    if key in LITERALS:
        return True
    for dot in (at for at, letter in enumerate(key) if letter == "."):
        head, tail = key[:dot], key[dot + 1 :]
        goes_on = f"{head}.{{" in TEXT or f"'{head}.' ~" in TEXT
        if goes_on and (tail in LITERALS or all(part in LITERALS for part in tail.split("."))):
            return True
        if f"~ '.{tail}'" in TEXT and head in LITERALS:
            return True
    return False


def test_no_key_is_left_over() -> None:
    assert [key for key in en.WORDS if not used(key)] == []


@pytest.mark.parametrize("key", ["nowhere.said", "check.nothing", "verdict.perhaps"])
def test_a_key_that_nobody_says_is_found(key: str) -> None:
    assert not used(key)


def test_what_is_put_together_has_words() -> None:
    lanes = get_args(Happening.model_fields["lane"].annotation)
    named = {f"missing.{reason}" for reason in re.findall(r'(?:NotThere\(|Missing\(reason=)"([\w-]+)"', TEXT)}
    named |= {f"happened.{what}" for _, what in happenings._MOMENTS.values()}
    named |= {f"happened.{what}" for what in re.findall(r'what="([\w-]+)"', TEXT)}
    named |= {f"lane.{lane}" for lane in lanes} | {f"light.{name}" for name in lights.REQUIREMENTS}
    named |= {f"norm.{norm}.{name}" for norm, rows in audit.NORMS.items() for name in rows}
    assert len(named) > 50
    assert named - set(en.WORDS) == set()
    assert set(lanes) == set(timeline.LANES)


def test_every_requirement_asks_for_checks_that_there_are() -> None:
    asked = {*(name for checks in lights.REQUIREMENTS.values() for name in checks)}
    asked |= {name for rows in audit.NORMS.values() for checks in rows.values() for name in checks}
    assert asked - {*CHECKS, "evidence"} == set()
    assert set(CHECKS) - asked == set()


def test_every_check_has_a_name_in_both() -> None:
    assert [name for name in CHECKS if f"check.{name}" not in en.WORDS] == []
