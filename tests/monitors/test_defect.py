"""Known-bad monitors: what makes them bad must be enough to be heard of, or the checks about monitors prove nothing."""

from __future__ import annotations

from monitors.alarm import Alarm
from monitors.defect import with_defect
from monitors.look import Look, Monitor

SECOND_NS = 1_000_000_000


class Sound:
    """Sees a service that is well, or not."""

    period_s = 1.0

    def __init__(self, name: str, ok: bool = True) -> None:
        self.name, self._ok = name, ok

    def look(self) -> Look:
        return Look(ok=self._ok, figures={"latency_ms": 3.0})


def changes(monitor: Monitor, looks: int = 13) -> list[str]:
    """Of its alarm, at a place that gets out half a second before each look."""
    alarm, begins = Alarm(), range(10 * SECOND_NS, (10 + looks) * SECOND_NS, SECOND_NS)
    found = (alarm.take(begun, monitor.look(), begun - SECOND_NS // 2) for begun in begins)
    return [each for each in found if each is not None]


def test_a_flapping_monitor_raises_and_clears_without_a_reason() -> None:
    (flapping,) = with_defect([Sound("http")], "flapping-monitor")
    assert changes(flapping) == ["raised", "cleared"]


def test_a_silent_monitor_is_content_with_a_dead_service() -> None:
    dead = Sound("transaction", ok=False)
    (silent,) = with_defect([dead], "silent-monitor")
    assert (changes(silent), changes(dead)) == ([], ["raised"])
    assert silent.look().figures == {"latency_ms": 3.0}


def test_monitors_of_names_stay_sound() -> None:
    names = Sound("dns")
    assert with_defect([names], "flapping-monitor") == [names]
    assert with_defect([names], "none") == [names]
