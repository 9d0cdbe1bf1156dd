from __future__ import annotations

from pathlib import Path

import pytest

from drill.embedded import embedded_lab
from results.plan import Plan
from targets.lab_control import LabControl, LabUnreachable
from targets.read import read_target

pytestmark = pytest.mark.lab


def test_the_lab_is_as_the_plan_describes_it_and_down_afterwards_whatever_happens(tmp_path: Path) -> None:
    lab = {"tools": False, "replication": "async", "servers_per_site": 3, "defect": "starved-generator"}
    plan = Plan.model_validate({"drill": "t", "takeover": "perform", "lab": lab})
    seen = {}

    def fail_in_it() -> None:
        with embedded_lab(plan, tmp_path / "lab") as target_file:
            target = read_target(target_file)
            assert target.control is not None
            seen["control"], seen["options"] = (
                LabControl(target.control),
                LabControl(target.control).call("status")["options"],
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_it()
    options = seen["options"]
    assert (options["tools"], options["replication"], options["servers_per_site"]) == (False, "async", 3)
    assert options["takeover"] == "perform"
    assert options["defect"] == "none", "a defect of the generator is none of the lab"
    with pytest.raises(LabUnreachable):
        seen["control"].call("status")
