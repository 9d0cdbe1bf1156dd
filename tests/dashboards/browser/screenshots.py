"""``python -m tests.dashboards.browser.screenshots [FOLDER]``: a picture of each page, into docs/images/browser-*.png.

The runs are made up and the same each time (`samples`; the two that are compared are hand-made stories with evidence), so that a
picture changes when a page does. Needs Chromium: ``python -m lab.servers chromium``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from dashboards.report.writing import write_report
from results.documents import write_documents
from results.judge import judge
from tests.dashboards.browser.chromium import Visit, a_chromium
from tests.dashboards.browser.samples import Drill, write_some
from tests.dashboards.browser.server import Served
from tests.results.comparison.runs import NEW, OLD, shift, story

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "images"
_CALM = {"reduced_motion": "reduce", "device_scale_factor": 1}


def take(folder: Path) -> list[Path]:
    """Take all pictures; returns their paths."""
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        _write_runs(home)
        server = Served(home)
        try:
            with a_chromium() as chromium:
                light = Visit(chromium, server.url.rstrip("/"), color_scheme="light", **_CALM)
                dark = Visit(chromium, server.url.rstrip("/"), color_scheme="dark", **_CALM)
                return [
                    _picture(light.open("/?drill=site-loss"), folder / "browser-runs.png", 1300),
                    _picture(dark.open("/?drill=site-loss"), folder / "browser-runs-dark.png", 1300),
                    _picture(light.open(f"/runs/{NEW}"), folder / "browser-run.png", 1500),
                    _picture(light.open(f"/compare?old={OLD}&new={NEW}"), folder / "browser-compare.png", 1200),
                    _picture(_live(light), folder / "browser-live.png", 900),
                    _picture(light.open("/live/stop"), folder / "browser-stop.png", 460),
                ]
        finally:
            server.end()


def _write_runs(home: Path) -> None:
    write_some(home)
    for name, factor in ((OLD, 1.0), (NEW, 1.4)):
        folder = home / "runs" / name
        told = shift(story(folder), factor)
        told.environment |= {"clock_error_ns": 500, "lab": None}  # the report says how the run was made
        told.write(folder)
        write_documents(folder, judge(folder))
        write_report(folder)
    drill = Drill(home, number=100)
    for phase in ("warm-up", "steady", "loss", "takeover"):
        drill.phase(phase)
    for step in ("detect", "fence", "promote"):
        drill.step(step)
    drill.upload(
        failing=112, by_client={"clamped": 0.71, "fresh": 0.08, "keep-alive": 0.0, "pinned": 0.55, "stale": 0.62}
    )


def _live(visit: Visit) -> Page:
    """What depends on the moment is written over: a picture must not change with it."""
    page = visit.open("/live")
    expect(page.locator("#news")).to_have_text("Phase: takeover. Takeover: promote.")
    page.context.set_offline(True)  # no more events
    page.locator('[data-figure="since"]').evaluate("element => { element.textContent = '14 s' }")
    page.locator("#silent").evaluate("element => { element.textContent = 'Last sign of life 0 s ago.' }")
    page.context.set_offline(False)
    return page


def _picture(page: Page, path: Path, height: int) -> Path:
    """The upper part of a page, as far as `height`."""
    page.set_viewport_size({"width": 1240, "height": height})
    page.screenshot(path=path, animations="disabled")
    return path


if __name__ == "__main__":
    for picture in take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(os.path.relpath(picture))
