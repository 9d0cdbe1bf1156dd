"""``summary.md``: never more than 40 lines, the red ones first, what is not shown counted, nothing of a name works."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.comparison.model import Answer, Change, Claim
from results.effort import Effort
from results.finding import Finding, Verdict
from results.summary import MOST_LINES, summary
from tests.results.judgements import BASELINE, comparison, figure, findings, judgement, refused
from tests.results.test_markdown import RENDERER

EFFORT = Effort(91.4, 214.2, 14_200_000, {"junit.xml": 4_321, "report.en.html": 1_200_000, "plots/": 99})
AGAIN = "zweitherz drill site-loss --quick --seed 7"
SOME = comparison([figure("rta_s", Change.SAME), figure("p50", Change.WORSE), figure("p99", Change.UNKNOWN, "too few")])


def rows(text: str, first: str) -> list[list[str]]:
    """Cells of the table whose head begins with that word."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    found = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def test_everything_that_the_owner_of_a_pipeline_asks_is_on_it() -> None:
    checks = [Finding(name, Verdict.PASS, "as asked") for name in ("recovery-time", "data-loss")]
    text = summary(judgement(checks), SOME, EFFORT, AGAIN)
    assert text.startswith("# FAIL: story\n"), "worse than its baseline is no pass"
    assert "Drill story passed: service restored after 5.0 s, 0 of 1,990 acknowledged uploads lost" in text
    assert f"Against its baseline `{BASELINE}` (which itself is: pass): **fail**, 1 worse" in text
    assert rows(text, "metric") == [
        ["`p50`", "50 ms (795)", "62.5 ms (790)", "+12.5 ms (+11 to +14)", "10 ms", "worse"],
        ["`p99`", "50 ms (795)", "62.5 ms (790)", "+12.5 ms (+11 to +14)", "10 ms", "cannot be compared: too few"],
        ["`rta_s`", "50 ms (795)", "62.5 ms (790)", "+12.5 ms (+11 to +14)", "10 ms", "same"],
    ]
    assert (
        "Wall time 1 min 31 s, 214 core-seconds. Files: evidence 14.2 MB, `junit.xml` 4.3 kB, `plots/` 99 B, "
        "`report.en.html` 1.2 MB." in text
    )
    assert f"Run it again: `{AGAIN}`" in text
    assert "Judge it again: `zweitherz judge " in text


def test_red_checks_come_first_and_what_is_left_out_is_counted() -> None:
    text = summary(judgement(findings(red=2, unclear=3, green=50)), None, EFFORT, AGAIN)
    assert len(text.splitlines()) == MOST_LINES
    shown = rows(text, "check")
    assert [row[1] for row in shown[:6]] == ["fail"] * 2 + ["inconclusive"] * 3 + ["pass"]
    assert shown[-1] == [f"and {55 - len(shown) + 1} more", f"{55 - len(shown) + 1} pass", ""]


def test_more_red_checks_than_lines_are_counted_by_their_verdicts() -> None:
    text = summary(judgement(findings(red=60, unclear=2, green=1)), SOME, EFFORT, AGAIN)
    shown = rows(text, "check")
    assert {row[1] for row in shown[:-1]} == {"fail"}
    assert shown[-1][1] == f"{60 - len(shown) + 1} fail, 2 inconclusive, 1 pass"
    assert len(rows(text, "metric")) == 3, "the comparison keeps its place"


def test_of_many_figures_the_worst_are_shown_and_the_others_counted() -> None:
    many = [figure(f"same-{number}", Change.SAME) for number in range(30)]
    many += [figure(f"worse-{number}", Change.WORSE) for number in range(2)]
    text = summary(judgement(findings(green=30)), comparison(many), EFFORT, AGAIN)
    shown = rows(text, "metric")
    assert [row[5] for row in shown] == ["worse", "worse", "same", "29 same"]
    assert shown[-1][0] == "and 29 more"
    assert len(text.splitlines()) == MOST_LINES


def test_a_comparison_that_was_refused_says_why_and_has_no_table() -> None:
    text = summary(judgement(findings(green=3)), refused(), EFFORT, AGAIN)
    assert text.startswith("# INCONCLUSIVE: story\n")
    assert "**inconclusive**, unequal work: seed: 1 and 2" in text
    assert "They differ in seed: 1 and 2." in text
    assert "| metric |" not in text


def test_claims_are_answered() -> None:
    claim = Claim(question="Are resources 20 % less?", answer=Answer.UNKNOWN, why="long")
    text = summary(judgement(findings(green=3)), comparison([figure("p50", Change.SAME)], claims=[claim]))
    assert "Are resources 20 % less? not shown." in text


@settings(max_examples=200)
@given(
    *(st.integers(0, 60) for _ in range(3)),
    st.one_of(
        st.none(),
        st.builds(refused),
        st.lists(st.sampled_from(Change), min_size=1, max_size=60).map(
            lambda changes: comparison(
                [figure(f"m{number}", change) for number, change in enumerate(changes)],
                claims=[Claim(question="Less?", answer=Answer.NO, why="")],
            )
        ),
    ),
)
def test_it_never_has_more_than_forty_lines_and_loses_nothing_without_a_word(
    red: int, unclear: int, green: int, against: object
) -> None:
    if not red + unclear + green:
        return
    text = summary(judgement(findings(red, unclear, green)), against, EFFORT, AGAIN)  # type: ignore[arg-type]
    assert len(text.splitlines()) <= MOST_LINES
    assert counted(rows(text, "check")) == red + unclear + green
    if "| metric |" in text:
        assert counted(rows(text, "metric")) == len(against.metrics)  # type: ignore[attr-defined]


def counted(shown: list[list[str]]) -> int:
    more = re.fullmatch(r"and (\d+) more", shown[-1][0])
    return len(shown) - 1 + int(more[1]) if more else len(shown)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a | b", "`a`", "[x](javascript:alert(1))"])
def test_names_and_reasons_are_text(name: str) -> None:
    told = judgement([Finding(name, Verdict.FAIL, f"{name}\n# PASS")], drill=name, run=name)
    against = comparison([figure(name, Change.WORSE, name)], why=name)
    page = RENDERER.render(summary(told, against, EFFORT, f"zweitherz drill '{name}'"))
    assert set(re.findall(r"<(\w+)", page)) <= {
        *("h1", "p", "code", "strong", "table", "thead", "tbody", "tr", "th", "td")
    }
    assert page.count("<h1>") == 1
    assert {len(re.findall("<td>", row)) for row in page.split("<tr>") if "<td>" in row} == {3, 6}


def test_a_long_reason_is_cut() -> None:
    text = summary(judgement([Finding("a", Verdict.FAIL, "x" * 5000)]))
    assert len(rows(text, "check")[0][2]) == 300
