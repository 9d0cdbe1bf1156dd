"""``junit.xml``: checks, and the figures of a comparison as a second suite."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from results.comparison.model import Change
from results.finding import Finding, Verdict
from results.junit import junit
from tests.results.judgements import BASELINE, comparison, figure, findings, judgement, refused

ONE_OF_EACH = findings(red=1, unclear=1, green=1)
FIGURES = [figure("rta_s", Change.SAME), figure("p50", Change.WORSE), figure("p99", Change.UNKNOWN, "too few")]


def suites(document: bytes) -> tuple[ET.Element, list[ET.Element]]:
    whole = ET.fromstring(document)  # noqa: S314 - our own
    return whole, list(whole)


def counts(suite: ET.Element) -> dict[str, str]:
    return {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}


def test_figures_of_a_comparison_are_a_second_suite_and_all_are_counted() -> None:
    whole, (checks, figures) = suites(
        junit(judgement(ONE_OF_EACH), comparison(FIGURES, left_out=["ttd_s: not recorded"]))
    )
    assert counts(checks) == {"tests": "3", "failures": "1", "errors": "1", "skipped": "0"}
    assert counts(figures) == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    assert counts(whole) == {"tests": "7", "failures": "2", "errors": "2", "skipped": "1"}
    assert figures.attrib["name"] == f"story against {BASELINE}"
    cases = {case.attrib["name"]: case for case in figures}
    assert cases["rta_s"].find("failure") is cases["rta_s"].find("error") is None
    worse, unknown, left_out = (cases[name] for name in ("p50", "p99", "ttd_s"))
    assert (failure := worse.find("failure")) is not None
    assert failure.attrib["message"] == "worse; 50 (n 795) -> 62.5 (n 790) ms, tolerated 10"
    assert (error := unknown.find("error")) is not None
    assert error.attrib["message"].startswith("cannot be compared: too few; ")
    assert (skipped := left_out.find("skipped")) is not None
    assert skipped.attrib["message"] == "not recorded"
    assert {case.attrib["classname"] for case in figures} == {"zweitherz.story.comparison"}


def test_a_comparison_that_was_refused_is_one_case_that_is_no_pass() -> None:
    _, (_, figures) = suites(junit(judgement(ONE_OF_EACH), refused()))
    assert counts(figures) == {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    assert figures[0].attrib["name"] == "comparison"


def test_a_run_without_a_baseline_has_one_suite() -> None:
    assert len(suites(junit(judgement(ONE_OF_EACH)))[1]) == 1


def test_names_that_are_markup_or_no_characters_of_xml_are_text() -> None:
    finding = Finding("<a>&\x00", Verdict.FAIL, 'say "no"\x1b[31m\ufffe')
    _, (checks,) = suites(junit(judgement([finding], drill="<script>\x0b")))
    assert checks.attrib["name"] == "<script>\ufffd"
    assert checks[0].attrib["name"] == "<a>&\ufffd"
    assert checks[0][0].attrib["message"] == 'say "no"\ufffd[31m\ufffd'
