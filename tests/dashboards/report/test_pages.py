"""The page in a real browser: no serious obstacle for those who hear it, light and dark, in both languages; and on paper."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from dashboards.report.pdf import NotPrinted, print_page
from dashboards.report.shown import LANGUAGES
from dashboards.report.writing import write_report
from lab import servers
from results.comparison.prices import read_prices
from tests.dashboards.report.conftest import PRICES

pytestmark = pytest.mark.skipif(
    bool(servers.missing(servers.BROWSER)), reason="no Chromium: python -m lab.servers chromium"
)


@pytest.fixture(scope="module")
def pages(run: Path) -> dict[str, Path]:
    return {lang: write_report(run, lang, read_prices(PRICES)) for lang in LANGUAGES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=servers.program("chromium"),
            args=["--no-sandbox"],
            env={**os.environ, **servers.environment("chromium")},
        )
        yield opened
        opened.close()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("scheme", "asked"),
    # in the dark the same page has other colours, and nothing else
    [("light", {}), ("dark", {"runOnly": ["color-contrast"]})],
    ids=["light", "dark"],
)
def test_axe_finds_nothing_serious(
    pages: dict[str, Path], browser: Browser, lang: str, scheme: Literal["light", "dark"], asked: dict[str, Any]
) -> None:
    page = browser.new_page(color_scheme=scheme, bypass_csp=True)
    page.goto(pages[lang].as_uri())
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    told = Axe().run(page, options=asked)
    assert told["passes"], "nothing was looked at"
    found = told["violations"]
    serious = [
        f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.locator("svg[role=img]").count() == 10
    page.close()


def test_axe_would_find_something(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html><body><img src='data:,'></body></html>")
    assert {"image-alt", "html-has-lang"} <= {each["id"] for each in Axe().run(page)["violations"]}
    page.close()


def test_it_asks_for_nothing_and_says_nothing_on_the_console(pages: dict[str, Path], browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(pages["en"].as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    page.close()


def test_the_keyboard_reaches_the_report_past_its_head(pages: dict[str, Path], browser: Browser) -> None:
    page = browser.new_page()
    page.goto(pages["de"].as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Zum Bericht springen"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.close()


def test_nothing_is_cut_off_on_a_telephone(pages: dict[str, Path], browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(pages["de"].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_a_tagged_pdf_with_page_numbers(pages: dict[str, Path]) -> None:
    pdf = print_page(pages["de"], servers.program("chromium"), servers.environment("chromium"))
    content = pdf.read_bytes()
    assert pdf.name == "report.de.pdf"
    assert b"/StructTreeRoot" in content
    assert re.search(rb"/Marked\s+true", content)
    assert b"/Outlines" in content
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 4
    assert not list(pdf.parent.glob("*.part"))


def test_a_browser_that_prints_nothing(pages: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(NotPrinted, match=r"true: no PDF came"):
        print_page(pages["en"], Path("/bin/true"), {})
    with pytest.raises(NotPrinted, match="nowhere"):
        print_page(pages["en"], tmp_path / "nowhere", {})
