"""Every monitor that reads a tool, on every strange answer: blind or failed, in one line, soon, and never a traceback."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from monitors import exchange
from monitors.look import Monitor
from monitors.matomo_activity import MatomoActivity
from monitors.place import Place
from monitors.prometheus_alerts import PrometheusAlerts
from monitors.replication import Replication
from monitors.sentry_checkins import SentryCheckIns
from monitors.sentry_issues import SentryIssues
from monitors.tool_health import ToolHealth
from tests.monitors.conftest import TOKEN, Server, tools

MAKE: dict[str, Callable[[Place], Monitor]] = {
    "sentry-issues": lambda place: SentryIssues(place, tools(place), tools(place).sentry),
    "sentry-checkins": lambda place: SentryCheckIns(place, tools(place), tools(place).sentry, ["fra"]),
    "matomo-activity": lambda place: MatomoActivity(place, tools(place), tools(place).matomo),
    "prometheus-alerts": lambda place: PrometheusAlerts(place, tools(place), tools(place).prometheus),
    "replication": lambda place: Replication(place, tools(place), tools(place).prometheus),
    "sentry": lambda place: ToolHealth(place, tools(place), "sentry"),
    "matomo": lambda place: ToolHealth(place, tools(place), "matomo"),
    "prometheus": lambda place: ToolHealth(place, tools(place), "prometheus"),
}
BODIES = [
    b"<html>", b"", b"null", b"7", b'"x"', b"[7]", b"[[]]", b'[{"id": 1}]', b'[{"project": 1}]', b'[{"dateCreated": 3}]',
    b'[{"actions": null}]', b'{"status": "error"}', b'{"status": "success"}', b'{"status": "success", "data": {"alerts": 3}}',
    b'{"status": "success", "data": {"alerts": [3]}}', b'{"status": "success", "data": {"resultType": "vector", "result": [3]}}',
    b'{"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "x"]}]}}', b"\xff\xfe",
    b'{"result": "error"}',
]  # fmt: skip
# what is a right answer for one of them, and no answer for the others
RIGHT = {
    "sentry": {b"[7]", b"[[]]", b'[{"id": 1}]', b'[{"project": 1}]', b'[{"dateCreated": 3}]', b'[{"actions": null}]'},
    "matomo": {each for each in BODIES if each.startswith(b"{") and b"result" not in each[:10]},
    "prometheus": {each for each in BODIES if b'"data": {' in each},
}


@pytest.mark.parametrize("name", MAKE)
def test_a_strange_answer_tells_nothing_of_the_service(place: Place, server: Server, name: str) -> None:
    monitor = MAKE[name](place)
    assert monitor.name == name
    for server.status, server.body in [(200, body) for body in BODIES] + [(500, b"{}"), (401, b"{}"), (302, b"[]")]:
        look = monitor.look()
        if server.status == 200 and server.body in RIGHT.get(name, set()):
            continue
        assert (look.ok, look.blind) == (False, name not in ("sentry", "matomo", "prometheus")), (server.body, look)
        assert look.why
        assert "\n" not in look.why
        assert TOKEN not in look.why


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("way", ["hang", "drip", "cut", "garbage"])
def test_no_look_takes_for_ever(
    place: Place, server: Server, monkeypatch: pytest.MonkeyPatch, name: str, way: str
) -> None:
    monkeypatch.setattr(exchange, "ANSWER_S", 0.2)
    server.way, server.body = way, b"[" + b" " * 1000 + b"]"
    begun = time.monotonic()
    look = MAKE[name](place).look()
    assert (look.ok, time.monotonic() - begun < 20) == (False, True), "to drip would last 100 s"
    assert look.why.startswith("answer: ")


@pytest.mark.parametrize("name", MAKE)
def test_a_tool_that_is_gone_is_named_by_the_step(place: Place, server: Server, name: str) -> None:
    monitor = MAKE[name](place)
    server.end()
    look = monitor.look()
    assert (look.ok, look.why.partition(":")[0]) == (False, "connect")
