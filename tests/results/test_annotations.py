"""Annotations: what is green says nothing; what is not, one line; nothing in a name ends a line or begins a command."""

from __future__ import annotations

import json
import re

from results.annotations import github, gitlab
from results.comparison.model import Change
from results.finding import Finding, Verdict
from tests.results.judgements import comparison, figure, findings, judgement, refused

FIGURES = comparison([figure("rta_s", Change.SAME), figure("p50", Change.WORSE), figure("p99", Change.UNKNOWN, "few")])


def test_github_has_an_error_for_each_red_and_a_warning_for_each_unclear_check_red_first() -> None:
    assert github(judgement(findings(red=1, unclear=2, green=5))).splitlines() == [
        "::error title=story%3A fail-0::fail: why 0",
        "::warning title=story%3A inconclusive-0::inconclusive: why 0",
        "::warning title=story%3A inconclusive-1::inconclusive: why 1",
    ]


def test_what_is_green_says_nothing() -> None:
    assert github(judgement(findings(green=5)), comparison([figure("p50", Change.BETTER)])) == ""
    assert json.loads(gitlab(judgement(findings(green=5)), "x.yaml")) == []


def test_a_comparison_adds_a_line_for_each_figure_that_is_worse_or_unknown() -> None:
    assert github(judgement(findings(green=1)), FIGURES).splitlines() == [
        "::error title=story%3A comparison p50::fail: worse, 50 -> 62.5 ms (tolerated 10)",
        "::warning title=story%3A comparison p99::inconclusive: cannot be compared, 50 -> 62.5 ms (tolerated 10); few",
    ]


def test_a_comparison_that_was_refused_is_one_line() -> None:
    assert github(judgement(findings(green=1)), refused()).splitlines() == [
        "::warning title=story%3A comparison::inconclusive: unequal work: seed: 1 and 2"
    ]


def test_githubs_commands_are_escaped() -> None:
    """As in actions/toolkit, command.ts: % CR LF in data; colon and comma in properties as well."""
    finding = Finding("a,b:c", Verdict.FAIL, "100 % lost\n::set-output name=x::y")
    (line,) = github(judgement([finding], drill="d\r\n::stop-commands::x")).splitlines()
    title, data = re.fullmatch(r"::error title=(.*?)::(.*)", line).groups()  # type: ignore[union-attr]
    assert title == "d %3A%3Astop-commands%3A%3Ax%3A a%2Cb%3Ac"
    assert data == "fail: 100 %25 lost ::set-output name=x::y"


def test_gitlabs_report_has_what_code_quality_asks_for_and_knows_a_check_again() -> None:
    told = judgement(findings(red=1, unclear=1))
    report = json.loads(gitlab(told, "chaos/experiments/site-loss.yaml", FIGURES))
    assert [(each["check_name"], each["severity"]) for each in report] == [
        *(("fail-0", "critical"), ("comparison p50", "critical")),
        *(("inconclusive-0", "major"), ("comparison p99", "major")),
    ]
    for each in report:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["location"] == {"path": "chaos/experiments/site-loss.yaml", "lines": {"begin": 1}}
    assert len({each["fingerprint"] for each in report}) == 4
    other = judgement([Finding("fail-0", Verdict.FAIL, "another number")], run="another run")
    assert json.loads(gitlab(other, "x"))[0]["fingerprint"] == report[0]["fingerprint"]
