"""The quick form of the proof: known-bad systems and healthy ones on the real lab (`zweitherz prove --quick`).

A check that has only ever been green is no evidence: each defect must turn the named check, and only what follows from it.
"""

from __future__ import annotations

import pytest

from drill.proof.matrix import row
from drill.proof.runner import Drills
from drill.proof.systems import EXPECTED, quick_systems
from lab.defects import DEFECTS

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
_SYSTEMS = quick_systems()


def test_every_defect_there_is_has_its_expectation() -> None:
    assert set(EXPECTED) == set(DEFECTS) - {"none"}


def test_what_is_left_out_here_turns_nothing_that_others_do_not() -> None:
    turned = {check for each in _SYSTEMS.values() for check in each.expected.red | each.expected.unclear}
    assert turned == {check for each in EXPECTED.values() for check in each.red | each.unclear}


@pytest.mark.parametrize("system", _SYSTEMS)
def test_a_system_turns_what_it_must_and_nothing_else(drills: Drills, system: str) -> None:
    verdict = drills.verdict(system)
    found = row(system, _SYSTEMS[system], verdict)
    assert (found.missed, found.false) == ((), ())
    if found.defect == "none":
        assert (verdict["verdict"], verdict["exit_code"]) == ("pass", 0)
        head = verdict["headline"]
        assert head["uploads_acknowledged"] > 0
        assert head["patients_seen"] > 0
        assert (head["uploads_lost"] or 0, head["uploads_duplicated"] or 0) == (0, 0)
    else:
        assert verdict["verdict"] != "pass"
        assert verdict["exit_code"] in (1, 2, 3, 4)
