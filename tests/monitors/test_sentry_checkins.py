"""The other sites' check-ins, as the lab's Sentry has them."""

from __future__ import annotations

import json
import time
import uuid
from email.utils import formatdate

import pytest

from monitors.check_in import CheckIns
from monitors.place import Place
from monitors.sentry_checkins import SentryCheckIns
from tests.lab.running import eventually
from tests.monitors.conftest import Server, Ticks, tools


def test_a_site_that_checked_in_just_now_is_well_and_one_that_stopped_is_not(gate: Place, ticks: Ticks) -> None:
    site = uuid.uuid4().hex[:8]
    sentry = tools(gate).sentry.model_copy(update={"check_in_s": 0.5})
    monitor = SentryCheckIns(gate, tools(gate), sentry, [site], ticks)
    waiting = monitor.look()
    assert (waiting.ok, waiting.why) == (True, f"waiting for the first of {site}")
    ticks.now += 21
    never = monitor.look()
    assert (never.ok, never.blind, never.why) == (False, False, f"no check-in: {site} not at all (limit 1.5 s)")
    CheckIns(gate, tools(gate), tools(gate).sentry, site).send()
    look = monitor.look()
    assert (look.ok, look.why) == (True, "")
    assert 0 <= look.figures["check_in_age_s"] < 1.5
    stopped = eventually(lambda: None if (seen := monitor.look()).ok else seen, 10)
    assert stopped.why.startswith(f"no check-in: {site} for ")
    assert not stopped.blind


def check_in(at: float) -> bytes:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + ".500000Z"
    return json.dumps([{"id": "1", "status": "ok", "dateCreated": stamp}]).encode()


@pytest.mark.parametrize("offset_s", [0.0, -86_400.0, 3_600.0])
def test_ages_are_by_sentrys_clock_whatever_ours_says(
    place: Place, server: Server, ticks: Ticks, offset_s: float
) -> None:
    monitor = SentryCheckIns(place, tools(place), tools(place).sentry, ["fra"], ticks)
    ticks.now += 21
    there = 1_800_000_000 + offset_s
    server.headers = {"Date": formatdate(there, usegmt=True)}
    for age, ok in ((1, True), (45, True), (46, False)):  # three periods of 15 s; the check-in was half a second later
        server.body = check_in(there - age)
        look = monitor.look()
        assert (look.ok, look.blind) == (ok, False), look


def test_a_monitor_that_sentry_does_not_know_has_never_checked_in(place: Place, server: Server, ticks: Ticks) -> None:
    monitor = SentryCheckIns(place, tools(place), tools(place).sentry, ["fra", "gra"], ticks)
    server.status = 404
    assert monitor.look().why == "waiting for the first of fra, gra"
    ticks.now += 21
    assert monitor.look().why == "no check-in: fra not at all, gra not at all (limit 45 s)"
