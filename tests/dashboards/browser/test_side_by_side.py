"""Two runs of real evidence side by side: compared once, in a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dashboards.browser.app import browser
from dashboards.browser.side_by_side import Comparisons, NotCompared
from results.documents import write_documents
from results.finding import Verdict
from results.judge import judge
from tests.dashboards.browser.asking import ask
from tests.results.comparison.runs import NEW, OLD, shift, story


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with two runs that can be compared; the second is slower. Read it, do not change it."""
    home = tmp_path_factory.mktemp("results")
    for name, factor in ((OLD, 1.0), (NEW, 3.0)):
        folder = home / "runs" / name
        shift(story(folder), factor).write(folder)
        write_documents(folder, judge(folder))
    return home


def test_a_comparison_is_made_once_for_the_same_evidence(pair: Path) -> None:
    async def thrice() -> int:
        comparisons = Comparisons()
        old, new = pair / "runs" / OLD, pair / "runs" / NEW
        found = await asyncio.gather(comparisons.of(old, new), comparisons.of(old, new))
        found.append(await comparisons.of(old, new))
        assert [each.verdict for each in found] == [Verdict.FAIL] * 3
        return comparisons.made

    assert asyncio.run(thrice()) == 1


def test_the_page_shows_both_sides_with_their_answers(pair: Path) -> None:
    answer = ask(browser(pair).app, "/compare", query=f"old={OLD}&new={NEW}")
    assert answer.status == 200
    for words in (f"/runs/{OLD}", f"/runs/{NEW}", "worse first: latency", "95 % interval", "What both runs show"):
        assert words in answer.text


def test_evidence_that_cannot_be_read_is_a_comparison_that_says_so(home: Path, pair: Path) -> None:
    for name in (OLD, NEW):
        (home / "runs" / name).mkdir()
    answer = ask(browser(home).app, "/compare", query=f"old={OLD}&new={NEW}")
    assert (answer.status, "inconclusive" in answer.text) == (200, True)


def test_a_comparison_that_breaks_is_said_and_tried_again(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    async def twice() -> int:
        comparisons = Comparisons()
        for _ in range(2):
            with pytest.raises(NotCompared, match="the comparison ended with 1"):
                await comparisons.of(pair / "runs" / OLD, pair / "runs" / NEW)
        return comparisons.made

    assert asyncio.run(twice()) == 2
