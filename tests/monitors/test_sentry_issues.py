"""New errors of the service, as the lab's Sentry has them."""

from __future__ import annotations

import json
import uuid

import pytest

from monitors.place import Place
from monitors.sentry_issues import SentryIssues
from tests.lab.running import RunningLab
from tests.monitors.conftest import Server, Ticks, tools


def send(lab: RunningLab, count: int, kind: str = "BrokenPromise", project: int = 1, level: str = "error") -> None:
    """Error events of one kind, each with a message of its own."""
    key = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={lab.access('sentry.key')}"}
    lines = ["{}"]
    for number in range(count):
        exception = {"values": [{"type": kind, "value": f"patient {number} is ill"}]}
        event = {"event_id": uuid.uuid4().hex, "level": level, "exception": exception}
        lines += ['{"type": "event"}', json.dumps(event)]
    body = "\n".join(lines).encode()
    assert lab.tools("POST", f"/api/{project}/envelope/", "sentry", headers=key, data=body).status_code == 200


@pytest.fixture
def monitor(lab: RunningLab, gate: Place, ticks: Ticks) -> SentryIssues:
    send(lab, 40, "OldError")
    made = SentryIssues(gate, tools(gate), tools(gate).sentry, clock=ticks)
    first = made.look()
    assert (first.ok, first.figures) == (True, {}), "what was there before is not new"
    ticks.now += 2
    return made


def test_a_burst_of_new_errors_fails_and_names_their_kind_without_any_message(
    lab: RunningLab, monitor: SentryIssues, ticks: Ticks
) -> None:
    assert monitor.look().ok
    kind = f"Kind{uuid.uuid4().hex[:8]}"
    send(lab, 6, kind)
    ticks.now += 2
    look = monitor.look()
    assert (look.ok, look.blind) == (False, False)
    assert (look.figures["errors"], look.figures["errors_per_min"]) == (6, 180)
    assert look.why == f"6 new errors, 180 a minute (limit 30), most: {kind}"
    ticks.now += 2
    assert monitor.look().figures["errors"] == 0, "they are new once"


def test_more_events_of_an_issue_that_is_known_count_as_well(
    lab: RunningLab, monitor: SentryIssues, ticks: Ticks
) -> None:
    send(lab, 7, "OldError")
    assert monitor.look().figures["errors"] == 7


@pytest.mark.parametrize(
    ("count", "seconds", "ok"),
    [
        (4, 2, True),  # 120 a minute, but fewer than five
        (5, 2, False),  # 150 a minute
        (5, 10, True),  # 30 a minute is the limit, and not beyond it
        (6, 10, False),  # 36 a minute
        (20, 60, True),
    ],
)
def test_the_limit_is_a_rate_and_a_few_are_no_news(
    lab: RunningLab, monitor: SentryIssues, ticks: Ticks, count: int, seconds: float, ok: bool
) -> None:
    ticks.now += seconds - 2
    send(lab, count)
    look = monitor.look()
    assert (look.figures["errors"], look.ok) == (count, ok)


def test_other_projects_and_warnings_are_not_counted(lab: RunningLab, monitor: SentryIssues) -> None:
    send(lab, 9, project=2)
    send(lab, 9, "Deprecated", level="warning")
    assert monitor.look().figures["errors"] == 0


def test_issues_on_the_second_page_are_counted(lab: RunningLab, monitor: SentryIssues, ticks: Ticks) -> None:
    mark = uuid.uuid4().hex[:6]
    for number in range(101):
        send(lab, 1, f"Many{mark}x{chr(97 + number // 26)}{chr(97 + number % 26)}")
    ticks.now += 2
    assert monitor.look().figures["errors"] == 101


def issue(number: str, count: int, first: str, **more: object) -> dict[str, object]:
    shown = {
        "id": number,
        "project": {"id": "1"},
        "level": "error",
        "title": "E: x",
        "count": str(count),
        "firstSeen": first,
    }
    return {**shown, **more}


def test_an_old_issue_that_comes_back_is_not_counted_with_its_whole_past(
    place: Place, server: Server, ticks: Ticks
) -> None:
    monitor = SentryIssues(place, tools(place), tools(place).sentry, clock=ticks)
    server.body = b"[]"
    assert monitor.look().ok
    ticks.now += 2
    server.body = json.dumps([issue("1", 5000, "2020-01-01T00:00:00Z")]).encode()
    assert monitor.look().figures["errors"] == 1
    ticks.now += 2
    server.body = json.dumps([issue("1", 5008, "2020-01-01T00:00:00Z")]).encode()
    assert monitor.look().figures["errors"] == 8


def test_the_count_of_all_time_is_believed_where_there_is_one(place: Place, server: Server, ticks: Ticks) -> None:
    """Real Sentry's plain count is that of a period, which slides: it may fall while new errors come."""
    monitor = SentryIssues(place, tools(place), tools(place).sentry, clock=ticks)
    for count, lifetime, new in ((50, 100, None), (40, 108, 8.0)):
        shown = issue("1", count, "2020-01-01T00:00:00Z", lifetime={"count": str(lifetime)})
        server.body = json.dumps([shown]).encode()
        assert monitor.look().figures.get("errors") == new
        ticks.now += 2


def test_after_a_blind_look_the_rate_is_that_of_the_whole_time(place: Place, server: Server, ticks: Ticks) -> None:
    monitor = SentryIssues(place, tools(place), tools(place).sentry, clock=ticks)
    server.body = json.dumps([issue("1", 10, "2020-01-01T00:00:00Z")]).encode()
    monitor.look()
    ticks.now += 30
    server.status = 503
    assert monitor.look().blind
    ticks.now += 30
    server.status, server.body = 200, json.dumps([issue("1", 30, "2020-01-01T00:00:00Z")]).encode()
    look = monitor.look()
    assert (look.ok, look.figures["errors_per_min"]) == (True, 20)
