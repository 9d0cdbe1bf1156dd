"""A real Chromium, from the distribution, and pages in it that remember what went wrong.

Where none can be had, tests are skipped with the reason. A Playwright that runs occupies the event loop of its thread, so it
lives as long as the tests of one module and no longer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, sync_playwright

from lab import servers

_SERIOUS = ("serious", "critical")


@contextmanager
def a_chromium() -> Iterator[Browser]:
    """Headless; skips the test where it cannot run."""
    try:
        program = servers.program("chromium")
    except servers.MissingServer as error:
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=program,
                args=["--no-sandbox"] if os.geteuid() == 0 else [],
                env={**os.environ, **servers.environment("chromium")},
            )
        except Error as error:
            pytest.skip(f"Chromium does not run here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


class Visit:
    """A page, and everything about it that should not be. `origin`: the only one that may be asked for anything."""

    def __init__(self, browser: Browser, origin: str, **options: Any) -> None:  # of Playwright's contexts
        self._context = browser.new_context(**{"viewport": {"width": 1240, "height": 900}, **options})
        self._origin = origin
        self.page: Page = self._context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", lambda said: self._note(f"console: {said.text}") if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        self.page.on("dialog", lambda dialog: self._note(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def open(self, path: str) -> Page:
        self.page.goto(self._origin + path)
        return self.page

    def violations(self) -> list[str]:
        """What axe finds that is serious or critical, one line each."""
        self.page.evaluate(Axe().axe_script)
        options = {"iframes": False, "resultTypes": ["violations"]}
        found = self.page.evaluate("options => axe.run(document, options)", options)["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found if each["impact"] in _SERIOUS]

    def close(self) -> None:
        self._context.close()

    def _asked(self, url: str) -> None:
        if not url.startswith(self._origin + "/") and not url.startswith("data:"):
            self._note(f"request to {url}")

    def _note(self, what: str) -> None:
        self.wrong.append(what)
