"""Check-ins as the SDK makes them, sent by us: they arrive, and whatever Sentry does, nobody waits for it."""

from __future__ import annotations

import json
import threading
import time
import uuid

import pytest

from lab.telemetry.envelope import parse
from monitors import exchange
from monitors.check_in import CheckIns, Dropped, slug
from monitors.place import Place
from tests.lab.running import RunningLab, eventually
from tests.monitors.conftest import TOKEN, Server, tools


def check_ins(place: Place, site: str = "gra") -> CheckIns:
    return CheckIns(place, tools(place), tools(place).sentry, site)


def test_a_check_in_arrives_at_the_labs_sentry(lab: RunningLab, gate: Place) -> None:
    site = uuid.uuid4().hex[:8]
    check_ins(gate, site).send()
    token = {"Authorization": f"Bearer {lab.access('sentry.token')}"}
    path = f"/api/0/organizations/heart/monitors/{slug(site)}/checkins/"
    (shown,) = lab.tools("GET", path, "sentry", headers=token).json()
    assert (shown["status"], shown["environment"]) == ("ok", "lab")


def test_it_carries_what_real_sentry_needs_to_make_the_monitor(place: Place, server: Server) -> None:
    check_ins(place).send()
    ((method, path, headers, body),) = server.asked
    assert (method, path) == ("POST", "/api/2/envelope/")
    assert f"sentry_key={TOKEN}" in headers["X-Sentry-Auth"]
    assert TOKEN not in body.decode(), "nor in what Sentry keeps"
    _, (item,) = parse(body)
    assert item.kind == "check_in"
    content = json.loads(item.payload)
    assert content["monitor_slug"] == "monitors-gra"
    assert content["monitor_config"]["schedule"] == {"type": "interval", "value": 1, "unit": "minute"}
    assert content["monitor_config"]["checkin_margin"] == 1
    assert len(content["check_in_id"]) == 32


@pytest.mark.parametrize(
    ("status", "headers", "pause_s"),
    [(503, {}, 0), (403, {}, 0), (429, {"Retry-After": "7"}, 7), (429, {"Retry-After": "86400"}, 60)],
)
def test_what_sentry_refuses_is_dropped_for_as_long_as_it_says(
    place: Place, server: Server, status: int, headers: dict[str, str], pause_s: float
) -> None:
    server.status, server.headers = status, headers
    with pytest.raises(Dropped, match=f"status {status}") as raised:
        check_ins(place).send()
    assert raised.value.pause_s == pause_s


def test_a_sentry_that_hangs_costs_the_check_in_and_no_more(
    place: Place, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "ANSWER_S", 0.2)
    server.way = "hang"
    begun = time.monotonic()
    with pytest.raises(Dropped, match="answer: "):
        check_ins(place).send()
    assert time.monotonic() - begun < 20, "it would hang for ever; the rest is for a busy machine"


def test_all_are_counted_and_none_is_sent_while_nobody_looks(place: Place, server: Server) -> None:
    fast = place.target.model_copy(
        update={
            "tools": tools(place).model_copy(
                update={"sentry": tools(place).sentry.model_copy(update={"check_in_s": 0.02})}
            )
        }
    )
    sender = check_ins(Place(fast, place.clock))
    beat, counted, ending = [1.0], list[str](), threading.Event()
    running = threading.Thread(target=sender.run, args=(lambda: beat[0], counted.append, ending))
    running.start()
    try:
        eventually(lambda: counted[:2] == ["sent", "withheld"])
        assert len(server.asked) == 1
        server.status = 500
        beat[0] += 1
        eventually(lambda: "dropped" in counted)
        server.status = 200
        beat[0] += 1
        eventually(lambda: counted.count("sent") == 2)
    finally:
        ending.set()
        running.join(5)
    assert not running.is_alive()
