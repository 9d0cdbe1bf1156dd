"""The pages as the server makes them: what is shown, what is escaped, what is not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from dashboards.browser.app import browser
from tests.dashboards.browser.asking import ask
from tests.dashboards.browser.samples import name_of, write_run


@pytest.fixture
def app(some: Path) -> ASGIApp:
    return browser(some).app


def test_the_list_has_every_run_in_words(app: ASGIApp) -> None:
    text = ask(app, "/").text
    for words in ("17 of 17 runs", "inconclusive", "damaged", "not judged", "verdict.json is damaged", "97.50%"):
        assert words in text
    assert text.index(name_of("quiet", 12)) < text.index(name_of("site-loss", 11)), "newest first"


def test_an_empty_folder_says_how_to_begin(home: Path) -> None:
    assert "zweitherz drill --quick" in ask(browser(home).app, "/").text


def test_the_trend_is_a_picture_with_words_and_the_numbers_behind_it(app: ASGIApp) -> None:
    text = ask(app, "/", query="drill=site-loss").text
    assert "Trend of site-loss" in text
    assert text.count('role="img"') == 5
    assert "<desc" in text
    assert "Recovery time of 12 runs, from" in text
    assert "Objective 60 s. Not known in 1." in text
    assert text.count('class="objective"') == 3, "recovery, loss, availability"
    assert "The numbers behind the pictures" in text


def test_a_wrong_filter_is_said(app: ASGIApp) -> None:
    answer = ask(app, "/", query="since=yesterday")
    assert (answer.status, "no date (as 2026-11-23)" in answer.text) == (400, True)


def test_a_run_shows_its_sentence_figures_checks_and_files(app: ASGIApp, some: Path) -> None:
    run = some / "runs" / name_of("site-loss", 4)
    (run / "plots").mkdir()
    (run / "plots" / "latency.png").write_bytes(b"png")
    (run / "report.en.html").write_text("<h1>report</h1>")
    (run / "junit.xml").write_text("<testsuites/>")
    text = ask(app, f"/runs/{run.name}").text
    assert "Drill site-loss failed: service restored after" in text
    assert "14 acknowledged uploads missing at site gra (limit 0)" in text
    assert f'<iframe sandbox title="report.en.html of this run" src="/runs/{run.name}/files/report.en.html"' in text
    assert f'<img loading="lazy" src="/runs/{run.name}/files/plots/latency.png" alt="plot latency.png">' in text
    assert f'href="/runs/{run.name}/files/junit.xml?download" download' in text
    assert f"old={name_of('site-loss', 3)}" in text, "the run before it is offered to compare with"
    assert "13 B" in text


@pytest.mark.parametrize(
    ("drill", "number", "words"),
    [("server-killed", 14, "verdict.json is damaged"), ("volume-full", 15, "judges what there is")],
)
def test_a_run_without_a_verdict_has_a_page(app: ASGIApp, drill: str, number: int, words: str) -> None:
    answer = ask(app, f"/runs/{name_of(drill, number)}")
    assert (answer.status, words in answer.text) == (200, True)


@pytest.mark.parametrize(
    "checks",
    ["text", [1], [{}], [{"name": "a", "verdict": "green"}], [{"name": "a", "verdict": "pass", "measured": 1}]],
)
def test_a_verdict_of_strange_make_breaks_no_page(home: Path, checks: object) -> None:
    run = write_run(home, "site-loss", 0)
    told = json.loads((run / "verdict.json").read_text())
    (run / "verdict.json").write_text(json.dumps(told | {"checks": checks, "seed": {"<b>": 1}}))
    app = browser(home).app
    assert ask(app, "/").status == 200
    assert ask(app, f"/runs/{run.name}").status == 200


def test_names_and_reasons_are_escaped(app: ASGIApp) -> None:
    for path, query in (
        ("/", ""),
        (f"/runs/{name_of('strange', 16)}", ""),
        ("/", "drill=%3Cscript%3Ealert(1)%3C/script%3E"),
    ):
        text = ask(app, path, query=query).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "<script>" not in text
        assert "<img src=x" not in text


def test_a_folder_titled_as_markup_can_be_opened(home: Path) -> None:
    run = write_run(home, "site-loss", 0)
    name = run.name.replace("site-loss", '"><script>alert(1)<')
    run.rename(run.with_name(name))
    app = browser(home).app
    assert "<script>" not in ask(app, "/").text
    answer = ask(app, f"/runs/{name}")
    assert (answer.status, "<script>" in answer.text) == (200, False)


@pytest.mark.parametrize("name", ["..", "../x", "nothing", "/etc", ".", "%2e%2e", "a\0b", "latest"])
def test_a_run_that_is_none_is_not_found(app: ASGIApp, name: str) -> None:
    assert ask(app, f"/runs/{name}").status == 404


@pytest.mark.parametrize("name", ["../../secret", "link", "/etc/passwd", "..", "folder", "plots/../../../secret", ""])
def test_a_file_that_is_none_of_the_run_is_not_found(app: ASGIApp, some: Path, name: str) -> None:
    (some / "secret").write_text("secret")
    run = some / "runs" / name_of("quiet", 12)
    (run / "link").symlink_to(some / "secret")
    (run / "folder").symlink_to(some)
    for path in (f"/runs/{run.name}/files/{name}", f"/runs/{run.name}/files/folder/secret"):
        answer = ask(app, path)
        assert (answer.status, "secret" in answer.text.replace("no such file", "")) == (404, False)


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("report.en.html", "text/html; charset=utf-8", False),
        ("junit.xml", "text/plain; charset=utf-8", False),
        ("plots/a.svg", "image/svg+xml", False),
        ("history/worker-000.parquet", "application/octet-stream", True),
        ("evil.js", "application/octet-stream", True),
        ("page.xhtml", "application/octet-stream", True),
    ],
)
def test_a_file_is_shown_in_a_sandbox_or_handed_out(app: ASGIApp, some: Path, name: str, kind: str, kept: bool) -> None:
    run = some / "runs" / name_of("quiet", 12)
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).write_bytes(b"content")
    answer = ask(app, f"/runs/{run.name}/files/{name}")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"content", kind)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert ("attachment" in answer.headers.get("content-disposition", "")) == kept
    head = ask(app, f"/runs/{run.name}/files/{name}", method="HEAD")
    assert (head.headers["content-length"], head.body) == ("7", b"")
    asked = ask(app, f"/runs/{run.name}/files/{name}", query="download")
    assert "attachment; filename*=UTF-8''" in asked.headers["content-disposition"]


def test_no_descriptor_is_left_open(app: ASGIApp, some: Path) -> None:
    path = f"/runs/{name_of('quiet', 12)}/files/verdict.json"
    ask(app, path)
    before = len(os.listdir("/proc/self/fd"))
    for method in ("GET", "HEAD"):
        ask(app, path, method=method)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_comparison_asks_for_both_names_and_says_which_is_not_there(app: ASGIApp) -> None:
    assert "Two runs side by side" in ask(app, "/compare").text
    answer = ask(app, "/compare", query=f"old={name_of('quiet', 12)}&new=../x")
    assert (answer.status, "no run &#39;../x&#39;" in answer.text) == (404, True)
