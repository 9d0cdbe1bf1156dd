"""The live page in a real browser: follows a drill whose files are written meanwhile, tells what is new, and stops it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboards.browser.chromium import Visit, a_chromium
from tests.dashboards.browser.samples import Drill
from tests.dashboards.browser.server import Served


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Results folder, and the origin of its server."""
    home = tmp_path_factory.mktemp("results")
    server = Served(home)
    yield home, server.url.rstrip("/")
    server.end()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_chromium() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, place: tuple[Path, str]) -> Iterator[Visit]:
    visit = Visit(chromium, place[1])
    yield visit
    visit.close()


def started(place: tuple[Path, str], number: int) -> Drill:
    drill = Drill(place[0], number=number)
    drill.phase("steady")
    drill.upload()
    return drill


def test_the_page_follows_a_drill_to_its_verdict(visit: Visit, place: tuple[Path, str]) -> None:
    drill = started(place, 1)
    page = visit.open("/live")
    news = page.locator("#news")
    expect(page.locator("h1")).to_have_text("site-loss")
    expect(news).to_have_text("Phase: steady.")
    expect(news).to_have_attribute("aria-live", "polite")
    expect(page.locator('[data-figure="acknowledged"]')).to_have_text("4,321")
    drill.phase("loss")
    drill.step("detect")
    drill.upload(failing=31, by_client={"fresh": 0.4, "pinned": 1.0, "stale": 0.0}, p99_ms=8123)
    expect(page.locator('[data-figure="acknowledged"]')).to_have_text("8,642")
    expect(page.locator('[data-figure="failing"]')).to_have_text("31")
    expect(page.locator('[data-figure="p99_ms"]')).to_have_text("8,123 ms")
    expect(page.locator('[data-figure="since"]')).to_contain_text(" s")
    expect(page.locator('[aria-current="step"]')).to_have_text("loss")
    expect(page.locator("#moved tr")).to_have_text(["fresh 60 %", "pinned 0 %", "stale 100 %"])
    expect(page.locator("#steps")).to_have_text("detect")
    expect(news).to_have_text("Phase: loss. Takeover: detect.")
    assert visit.violations() == []
    drill.judged("fail")
    expect(news).to_have_text("Ended: the drill has ended: fail.")
    expect(page.get_by_role("link", name="Stop this drill…")).to_be_hidden()
    page.get_by_role("link", name="Open the run").click()
    expect(page.locator(".sentence")).to_contain_text("fail")
    assert visit.wrong == []


def test_only_what_is_new_is_read_out(visit: Visit, place: tuple[Path, str]) -> None:
    drill = started(place, 2)
    page = visit.open("/live")
    page.evaluate(
        "window.told = []; new MutationObserver(() => told.push(news.textContent)).observe(news, {childList: true})"
    )
    for _ in range(2):
        before = drill.acknowledged
        drill.upload()
        expect(page.locator('[data-figure="acknowledged"]')).to_have_text(f"{before + 4321:,}")
    drill.phase("loss")
    expect(page.locator("#news")).to_have_text("Phase: loss.")
    assert page.evaluate("told") == ["Phase: loss."], "figures change every second; nobody wants that read out"
    drill.judged()
    assert visit.wrong == []


def test_a_name_in_the_live_files_is_text(visit: Visit, place: tuple[Path, str]) -> None:
    drill = started(place, 3)
    page = visit.open("/live")
    drill.upload(by_client={"<img src=x onerror=alert(1)>": 0.5})
    drill.timeline.write("guard.abort", "<script>alert(2)</script>", why="<b>bold</b>")
    expect(page.locator("#moved th")).to_have_text(["<img src=x onerror=alert(1)>"])
    expect(page.locator("#notes li")).to_have_text(["<script>alert(2)</script>: <b>bold</b>"])
    drill.judged()
    assert visit.wrong == []


def test_a_drill_is_stopped_by_typing_its_name(visit: Visit, place: tuple[Path, str]) -> None:
    drill = started(place, 4)
    page = visit.open("/live")
    page.get_by_role("link", name="Stop this drill…").click()
    expect(page.locator("h1")).to_have_text("Stop site-loss?")
    page.get_by_label("Type the drill's name").fill("quiet")
    page.get_by_role("button", name="Stop the drill").click()
    expect(page.get_by_role("alert")).to_have_text("'quiet' is not the name of the drill")
    assert not (drill.run / "STOP").exists()
    page.get_by_label("Type the drill's name").fill("site-loss")
    page.get_by_role("button", name="Stop the drill").click()
    expect(page.locator("#news")).to_contain_text("Stop is ordered.")
    assert (drill.run / "STOP").exists()
    drill.judged()
    # Chromium says on the console that a form was answered with 422
    assert [each for each in visit.wrong if "422" not in each] == []


def test_a_form_without_its_token_stops_nothing(visit: Visit, place: tuple[Path, str]) -> None:
    drill = started(place, 5)
    page = visit.open("/live/stop")
    page.evaluate("document.querySelector('[name=token]').remove()")
    page.get_by_label("Type the drill's name").fill("site-loss")
    page.get_by_role("button", name="Stop the drill").click()
    expect(page.locator("h1")).to_have_text("Forbidden")
    assert not (drill.run / "STOP").exists()
    drill.judged()


def test_a_page_of_somebody_else_stops_nothing(chromium: Browser, place: tuple[Path, str], tmp_path: Path) -> None:
    """The visitor has our cookie and is sent to a stranger's page, which sends a form to us with a token that it stole."""
    drill = started(place, 6)
    visit = Visit(chromium, place[1])
    page = visit.open("/live/stop")
    token = page.locator("[name=token]").get_attribute("value")
    fields = "".join(
        f'<input name="{name}" value="{value}">'
        for name, value in {"run": drill.run.name, "drill": "site-loss", "token": token}.items()
    )
    stranger = tmp_path / "stranger.html"
    stranger.write_text(f'<form method="post" action="{place[1]}/live/stop">{fields}<button>Win</button></form>')
    page.goto(stranger.as_uri())
    page.get_by_role("button", name="Win").click()
    expect(page.locator("h1")).to_have_text("Forbidden")
    assert not (drill.run / "STOP").exists()
    visit.close()
    drill.judged()
