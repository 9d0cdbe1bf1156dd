"""What the lab's objects of Chaos Mesh have in common."""

from __future__ import annotations

import pytest

from lab.kubernetes.objects import chaos
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.wanted import Chaos


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1m30s", 90), ("-2h", -7200), ("1.5s", 1.5), ("20ms", 0.02), ("900s", 900)]
)
def test_durations_are_read_as_go_writes_them(text: str, seconds: float) -> None:
    assert chaos.seconds(text, "duration") == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "90", "1.s", "1m 30s", None])
def test_what_is_no_duration_is_refused(text: str | None) -> None:
    with pytest.raises(Refusal) as caught:
        chaos.seconds(text, "duration")
    assert caught.value.code == 422


def test_its_status_says_who_has_it_and_what_is_wanted() -> None:
    one = Chaos(metadata={"name": "one"}, spec={"mode": "all"}, duration_s=None)
    shown = chaos.shown(one, {"vitals/a": True, "vitals/b": False}, all_injected=False, recovered=False)
    assert [each["phase"] for each in shown["status"]["experiment"]["containerRecords"]] == ["Injected", "Not Injected"]
    assert (shown["status"]["experiment"]["desiredPhase"], chaos.is_recovered(shown)) == ("Run", False)
    one.runs, one.deleted_s = False, 1_700_000_000
    shown = chaos.shown(one, {}, all_injected=False, recovered=True)
    assert (shown["status"]["experiment"]["desiredPhase"], chaos.is_recovered(shown)) == ("Stop", True)
    assert shown["metadata"]["deletionTimestamp"] == "2023-11-14T22:13:20Z"
    assert {"type": "Selected", "status": "False"} in shown["status"]["conditions"]
