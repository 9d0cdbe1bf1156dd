"""Every page in a real browser: complete, accessible, without an error, and without asking anybody else for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from results.documents import write_documents
from results.judge import judge
from tests.dashboards.browser.chromium import Visit, a_chromium
from tests.dashboards.browser.samples import Drill, name_of, write_some
from tests.dashboards.browser.server import Served
from tests.results.comparison.runs import NEW, OLD, shift, story

REPORT = """<!doctype html><html lang="en"><head><title>r</title><style>h1 { color: rgb(1, 2, 3) }</style></head>
<body><h1>A report</h1></body></html>"""
SCRIPT = """<script>document.querySelector("h1").textContent = "script has run"</script>"""
PATHS = {
    "runs": "/",
    "filtered": "/?drill=quiet",
    "nothing left": "/?text=nothing-of-that-name",
    "run": f"/runs/{name_of('site-loss', 4)}",
    "damaged": f"/runs/{name_of('server-killed', 14)}",
    "not judged": f"/runs/{name_of('volume-full', 15)}",
    "strange": f"/runs/{name_of('strange', 16)}",
    "compare, empty": "/compare",
    "compare": f"/compare?old={OLD}&new={NEW}",
    "live": "/live",
    "stop": "/live/stop",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Origin of a server with runs of all kinds, two of them with evidence, and a drill in progress."""
    home = tmp_path_factory.mktemp("results")
    write_some(home)
    for name, factor in ((OLD, 1.0), (NEW, 3.0)):
        folder = home / "runs" / name
        shift(story(folder), factor).write(folder)
        write_documents(folder, judge(folder))
    for number, more in ((4, ""), (5, SCRIPT)):
        (home / "runs" / name_of("site-loss", number) / "report.en.html").write_text(REPORT + more)
    drill = Drill(home)
    drill.phase("steady")
    drill.upload()
    server = Served(home)
    yield server.url.rstrip("/")
    server.end()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with a_chromium() as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_without_an_error(chromium: Browser, served: str, scheme: str) -> None:
    visit = Visit(chromium, served, color_scheme=scheme)
    found = {}
    for name, path in PATHS.items():
        page = visit.open(path)
        expect(page.locator("h1")).to_be_visible()
        for summary in page.locator("summary").all():
            summary.click()  # what is folded away is looked at as well
        found[name] = visit.violations()
    visit.close()
    assert found == {name: [] for name in PATHS}
    assert visit.wrong == []


def test_a_narrow_page_does_not_scroll_sideways(chromium: Browser, served: str) -> None:
    visit = Visit(chromium, served, viewport={"width": 360, "height": 740})
    widths = {name: visit.open(path).evaluate("document.documentElement.scrollWidth") for name, path in PATHS.items()}
    visit.close()
    assert {name: width for name, width in widths.items() if width > 360} == {}


def test_the_list_is_filtered_by_keyboard_alone(chromium: Browser, served: str) -> None:
    visit = Visit(chromium, served)
    page = visit.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("To the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Drill")).to_be_focused()
    page.keyboard.type("site-loss")
    page.keyboard.press("Tab")
    page.keyboard.type("fail")
    page.get_by_label("Words").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 of 20 runs match the filter.")
    page.get_by_role("link", name=name_of("site-loss", 4)).last.click()
    expect(page.locator("h1")).to_have_text("site-loss")
    visit.close()
    assert visit.wrong == []


def test_a_report_is_shown_and_its_scripts_are_not_run(chromium: Browser, served: str) -> None:
    visit = Visit(chromium, served)
    page = visit.open(f"/runs/{name_of('site-loss', 5)}")
    page.locator("iframe").scroll_into_view_if_needed()
    heading = page.frame_locator("iframe").locator("h1")
    expect(heading).to_have_text("A report")
    expect(heading).to_have_css("color", "rgb(1, 2, 3)")
    visit.close()
    assert visit.wrong, "the sandbox says on the console that it has stopped the script"
    assert all("sandboxed" in each or "Content Security Policy" in each for each in visit.wrong)


def test_two_runs_are_compared_from_the_form(chromium: Browser, served: str) -> None:
    visit = Visit(chromium, served)
    page = visit.open("/compare")
    page.get_by_label("Baseline").fill(OLD)
    page.get_by_label("Against it").fill(NEW)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".sentence")).to_contain_text("worse first: latency")
    expect(page.locator("tr", has_text=re.compile(r"^latency_p99_ms/steady|^latency.*p99")).first).to_contain_text(
        "worse"
    )
    visit.close()
    assert visit.wrong == []


def test_downloads_are_downloads(chromium: Browser, served: str, tmp_path: Path) -> None:
    visit = Visit(chromium, served)
    page = visit.open(f"/runs/{NEW}")
    with page.expect_download() as download:
        page.get_by_role("link", name="summary.md").first.click()
    assert download.value.suggested_filename == "summary.md"
    assert "story" in Path(download.value.path()).read_text()
    visit.close()
