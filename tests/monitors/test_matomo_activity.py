"""Use as usual, and less of it."""

from __future__ import annotations

import json

import pytest

from monitors.matomo_activity import MatomoActivity
from monitors.place import Place
from tests.lab.running import RunningLab, eventually
from tests.monitors.conftest import Server, Ticks, tools


def counters(actions: object) -> bytes:
    return json.dumps([{"visits": 1, "actions": actions, "visitors": 1, "visitsConverted": 0}]).encode()


@pytest.fixture
def monitor(place: Place, ticks: Ticks) -> MatomoActivity:
    return MatomoActivity(place, tools(place), tools(place).matomo, ticks)


def test_actions_of_the_labs_matomo_are_seen(lab: RunningLab, gate: Place, ticks: Ticks) -> None:
    monitor = MatomoActivity(gate, tools(gate), tools(gate).matomo, ticks)
    event = "?idsite=1&rec=1&_id=0123456789abcdef&e_c=watched&e_a=seen"

    def counted() -> bool:
        """Of this minute: what others of this lab's tests did before may be forgotten just between the two looks."""
        before = monitor.look().figures["actions"]
        sent = lab.tools("POST", "/matomo.php", "matomo", data=json.dumps({"requests": [event] * 40}))
        assert sent.status_code == 200
        return monitor.look().figures["actions"] >= before + 40

    assert eventually(counted)
    ticks.now += 61
    look = monitor.look()
    assert (look.ok, "expected" in look.figures) == (True, True)


def test_half_of_the_usual_is_enough_and_less_is_not(server: Server, monitor: MatomoActivity, ticks: Ticks) -> None:
    server.body = counters("100")  # older versions send strings
    for _ in range(30):
        look = monitor.look()
        assert (look.ok, look.why) == (True, "learning what is usual")
        ticks.now += 2
    for actions, ok in ((50, True), (49, False), (0, False), (100, True)):
        server.body = counters(actions)
        look = monitor.look()
        assert (look.ok, look.blind) == (ok, False)
        assert look.figures == {"actions": actions, "expected": 100, "missing": max(0, 100 - actions)}
        ticks.now += 2
    server.body = counters(49)
    assert monitor.look().why == "49 actions in the last minute, 100 are usual (at least 50%)"


def test_where_little_is_usual_nothing_is_missed(server: Server, monitor: MatomoActivity, ticks: Ticks) -> None:
    for expected, ok in ((29, True), (30, False)):
        ticks.now += 1000
        for actions in (expected, expected, 0):
            server.body = counters(actions)
            look = monitor.look()
            ticks.now += 100
        assert (look.figures["expected"], look.ok) == (expected, ok)


def test_what_was_usual_is_forgotten_after_five_minutes(server: Server, monitor: MatomoActivity, ticks: Ticks) -> None:
    server.body = counters(100)
    for _ in range(100):
        monitor.look()
        ticks.now += 2
    ticks.now += 301
    server.body = counters(1)
    assert monitor.look().why == "learning what is usual"
    ticks.now += 60
    assert monitor.look().figures["expected"] == 1


def test_a_blind_look_teaches_nothing(server: Server, monitor: MatomoActivity, ticks: Ticks) -> None:
    server.body = b'{"result": "error", "message": "Live is off"}'
    assert (monitor.look().blind, monitor.look().why) == (True, "Live.getCounters: Live is off")
    ticks.now += 100
    server.body = counters(5)
    assert monitor.look().why == "learning what is usual"
