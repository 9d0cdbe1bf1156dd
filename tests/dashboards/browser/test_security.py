"""What is refused before any page sees it, and the headers of every answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.browser.app import browser
from dashboards.browser.security import LARGEST_BODY, host_name
from tests.dashboards.browser.asking import ask


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8480", "localhost"),
        ("localhost.:8480", "localhost"),
        ("[::1]:8480", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("evil.test:x", "evil.test:x"),
    ],
)
def test_a_host_is_known_by_its_name_without_port(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8480", "[::1]:8480"])
def test_the_loopback_is_served(home: Path, host: str) -> None:
    assert ask(browser(home).app, "/", headers={"host": host}).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("evil.test", 421), ("localhost.evil.test", 421), ("localhost@evil.test", 421), ("", 400)],
)
def test_other_names_are_not(home: Path, host: str, status: int) -> None:
    assert ask(browser(home).app, "/", headers={"host": host}).status == status


def test_a_name_that_was_allowed_is_served(home: Path) -> None:
    app = browser(home, allowed_hosts=frozenset({"results.heart.test"})).app
    assert ask(app, "/", headers={"host": "results.heart.test:8480"}).status == 200
    assert ask(app, "/", headers={"host": "localhost"}).status == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"])
@pytest.mark.parametrize("path", ["/", "/runs/a", "/compare", "/live", "/live/events", "/static/live.js", "/nothing"])
def test_pages_that_show_take_no_orders(home: Path, method: str, path: str) -> None:
    answer = ask(browser(home).app, path, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_stop_page_takes_a_post_and_nothing_else(home: Path) -> None:
    app = browser(home).app
    assert ask(app, "/live/stop", method="POST").status == 403
    assert ask(app, "/live/stop", method="PUT").headers["allow"] == "GET, HEAD, POST"
    assert ask(app, "/live/stop/", method="POST").status == 405


def test_requests_are_bounded(home: Path) -> None:
    app = browser(home).app
    assert ask(app, "/" + "a" * 2000).status == 414
    assert ask(app, "/", query="text=" + "a" * 3000).status == 414
    large = {"content-length": str(LARGEST_BODY + 1)}
    assert ask(app, "/live/stop", method="POST", headers=large).status == 413
    for wrong in ("-1", "x", "９", "1" * 5000):
        assert ask(app, "/", headers={"content-length": wrong}).status == 400
    form = {"content-type": "application/x-www-form-urlencoded"}  # no length given: counted as it comes
    answer = ask(app, "/live/stop", method="POST", headers=form, body=b"a" * (LARGEST_BODY + 1))
    assert (answer.status, f"more than {LARGEST_BODY} bytes" in answer.text) == (403, True)


@pytest.mark.parametrize("path", ["/", "/compare", "/live", "/nothing", "/static/browser.css", "/runs/nothing"])
def test_every_answer_has_the_headers(home: Path, path: str) -> None:
    headers = ask(browser(home).app, path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy, "nothing from elsewhere"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_a_refusal_has_them_too(home: Path) -> None:
    assert ask(browser(home).app, "/", headers={"host": "evil.test"}).headers["x-frame-options"] == "DENY"
