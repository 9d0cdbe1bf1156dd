"""The live page, its events, and the order to stop: carried out for whoever opened our form, and for nobody else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.types import ASGIApp

from chaos.guards import Guards
from dashboards.browser.app import browser
from results.clock import Clock
from results.plan import Guards as Limits
from results.timeline import TimelineWriter
from tests.dashboards.browser.asking import Answer, ask
from tests.dashboards.browser.samples import Drill

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def drill(home: Path) -> Drill:
    drill = Drill(home)
    drill.upload()
    drill.phase("steady")
    return drill


@pytest.fixture
def app(home: Path) -> ASGIApp:
    return browser(home, every_s=0.01).app


class Form:
    """What a browser knows after it has opened the form."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        answer = ask(app, "/live/stop")
        assert answer.status == 200
        self.set_cookie = answer.headers["set-cookie"]
        self.cookie = self.set_cookie.partition(";")[0]
        self.fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))

    def send(self, app: ASGIApp | None = None, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        body = urlencode({**self.fields, "drill": "site-loss", **fields}).encode()
        given = {"content-type": FORM, "cookie": self.cookie, "origin": "http://localhost:8480", **(headers or {})}
        return ask(app or self.app, "/live/stop", method="POST", headers=given, body=body)


def test_the_form_stops_the_drill_that_it_names(app: ASGIApp, drill: Drill) -> None:
    answer = Form(app).send()
    assert (answer.status, answer.headers["location"]) == (303, f"/live?run={drill.run.name}")
    assert "stopped from the results browser" in (drill.run / "STOP").read_text()
    assert "Stop is ordered." in ask(app, "/live").text
    assert Form(app).send().status == 303, "a second order is the same order"


def test_the_drills_own_guards_see_the_order(app: ASGIApp, drill: Drill) -> None:
    clock = Clock.anchored_now()
    with TimelineWriter(drill.run, "guards", clock) as timeline:
        guards = Guards(drill.run, Limits(), clock, timeline)
        assert guards._look() is None
        Form(app).send()
        trip = guards._look()
    assert trip is not None
    assert (trip.guard, trip.why) == ("stop-file", f"{drill.run.name}/STOP exists")


def test_the_cookie_is_for_our_own_pages_only(app: ASGIApp, drill: Drill) -> None:
    words = Form(app).set_cookie.lower()
    assert "httponly" in words
    assert "samesite=strict" in words
    assert "path=/live" in words


@pytest.mark.parametrize(
    ("headers", "fields", "status"),
    [
        ({}, {"token": ""}, 403),
        ({}, {"token": "0" * 64}, 403),
        ({"cookie": ""}, {}, 403),
        ({"cookie": "zweitherz-visitor=somebody"}, {}, 403),
        ({"origin": "http://evil.test"}, {}, 403),
        ({"origin": "null"}, {}, 403),
        ({"origin": "http://localhost:9999"}, {}, 403),
        ({"content-type": "text/plain"}, {}, 403),
        ({"content-type": ""}, {}, 403),
        ({}, {"drill": "quiet"}, 422),
        ({}, {"drill": ""}, 422),
        ({}, {"run": "../../elsewhere"}, 404),
        ({}, {"run": ""}, 404),
        ({}, {f"field{number}": "x" for number in range(20)}, 403),
    ],
)
def test_every_other_order_is_refused(
    app: ASGIApp, drill: Drill, headers: dict[str, str], fields: dict[str, str], status: int
) -> None:
    assert Form(app).send(headers=headers, **fields).status == status
    assert not (drill.run / "STOP").exists()


def test_a_form_of_another_start_of_the_server_is_refused(app: ASGIApp, home: Path, drill: Drill) -> None:
    assert Form(app).send(browser(home).app).status == 403
    assert not (drill.run / "STOP").exists()


def test_a_drill_that_has_ended_cannot_be_stopped(app: ASGIApp, drill: Drill) -> None:
    form = Form(app)
    drill.judged()
    assert form.send().status == 404
    assert ask(app, "/live/stop").status == 404
    assert not (drill.run / "STOP").exists()


def test_a_link_in_the_stop_files_place_is_not_followed(app: ASGIApp, home: Path, drill: Drill) -> None:
    (drill.run / "STOP").symlink_to(home / "elsewhere")
    Form(app).send()
    assert not (home / "elsewhere").exists()


def test_a_wrong_name_is_said_and_nothing_is_stopped(app: ASGIApp, drill: Drill) -> None:
    assert "&#39;quiet&#39; is not the name of the drill" in Form(app).send(drill="quiet").text


def test_without_a_drill_the_page_says_so(app: ASGIApp) -> None:
    assert "No drill in progress" in ask(app, "/live").text
    assert ask(app, "/live/events").status == 404


def test_the_list_leads_to_the_drill_in_progress(app: ASGIApp, drill: Drill) -> None:
    text = ask(app, "/").text
    assert "under way" in text
    assert f'href="/live?run={drill.run.name}"' in text


@pytest.mark.parametrize(
    ("word", "why"), [("pass", "the drill has ended: pass"), ("fail", "the drill has ended: fail")]
)
def test_events_follow_the_drill_to_its_end(home: Path, drill: Drill, word: str, why: str) -> None:
    """The stream ends by itself: what follows is written from within, at each look at the files."""
    made = browser(home, every_s=0.001)
    told = [lambda: drill.phase("loss"), lambda: drill.step("detect"), lambda: drill.judged(word)]
    look = made.live._pages.live_runs

    class Follower:
        """Stands where the server asks whether it is closing, once between two looks."""

        async def wait(self) -> None:
            if told:
                told.pop(0)()
            raise TimeoutError

    made.live.closing = Follower()  # type: ignore[assignment]
    assert [run.run for run in look()] == [drill.run.name]
    answer = ask(made.app, "/live/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = re.findall(r"event: (\w+)\ndata: (.*)\n\n", answer.text)
    scenes = [json.loads(data) for kind, data in events if kind == "scene"]
    assert [(each["phase"], each["steps"]) for each in scenes] == [("steady", []), ("loss", []), ("loss", ["detect"])]
    assert (events[-1][0], json.loads(events[-1][1])["why"]) == ("end", why)


def test_events_end_with_the_server(home: Path, drill: Drill) -> None:
    made = browser(home)
    made.live.closing.set()
    assert "the results browser has ended" in ask(made.app, "/live/events").text


def test_a_drill_that_falls_silent_ends_the_events(home: Path, drill: Drill) -> None:
    made = browser(home, quiet_s=1e9)
    made.live._quiet_s = -1.0  # from now on everything is too old
    assert "the drill seems to be gone without a verdict" in ask(made.app, "/live/events").text


def test_a_head_of_the_events_ends_at_once(app: ASGIApp, drill: Drill) -> None:
    assert ask(app, "/live/events", method="HEAD").body == b""
