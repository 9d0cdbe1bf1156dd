"""Known-bad systems on the real lab: each must turn the named check, and only what follows from it, red or inconclusive.

A check that has only ever been green is no evidence.
"""

from __future__ import annotations

import pytest

from lab.defects import DEFECTS
from tests.drill.conftest import Drills
from tests.drill.known_bad import ENGINES, EXPECTED, WATCHERS_DRILLS

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]


def test_every_defect_there_is_has_its_expectation() -> None:
    assert set(EXPECTED) == set(DEFECTS) - {"none"}


@pytest.mark.parametrize("defect", EXPECTED)
def test_a_defect_turns_its_check_and_only_what_follows(drills: Drills, defect: str) -> None:
    verdict, expected = drills.verdict(defect), EXPECTED[defect]
    found = {check["name"]: check["verdict"] for check in verdict["checks"]}
    whys = {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != "pass"}
    for name in expected.red:
        assert found[name] == "fail", (name, whys)
    for name in expected.unclear:
        assert found[name] == "inconclusive", (name, whys)
    others = {name: why for name, why in whys.items() if name not in expected.red | expected.unclear | expected.follows}
    assert others == {}
    assert verdict["verdict"] != "pass"
    assert verdict["process_exit_code"] in (1, 2, 3)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_healthy_system_is_green_by_every_engine(drills: Drills, engine: str) -> None:
    verdict = drills.verdict(engine)
    assert {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != "pass"} == {}
    assert (verdict["verdict"], verdict["process_exit_code"]) == ("pass", 0)
    head = verdict["headline"]
    assert head["uploads_acknowledged"] > 0
    assert head["patients_seen"] > 0
    assert (head["uploads_lost"], head["uploads_duplicated"]) == (0, 0)


@pytest.mark.parametrize("name", [f"clean-{name}" for name in WATCHERS_DRILLS])
def test_a_healthy_system_passes_the_drills_of_what_watches_it(drills: Drills, name: str) -> None:
    verdict = drills.verdict(name)
    assert {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != "pass"} == {}
    assert (verdict["verdict"], verdict["process_exit_code"]) == ("pass", 0)
