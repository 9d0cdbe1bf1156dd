"""``junit.xml`` for CI: one test case per check, and in a second suite one per figure that was compared with a baseline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from results.comparison.model import Compared, Comparison
from results.finding import Verdict
from results.judge import Judgement

# XML 1.0, section 2.2: everything else is no character, not even escaped
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Case:
    """`verdict` None: skipped."""

    name: str
    verdict: Verdict | None
    why: str


def junit(judgement: Judgement, comparison: Comparison | None = None) -> bytes:
    """Fail is a failure, inconclusive an error: CI shows both red, and tells them apart."""
    checks = [_Case(each.name, each.verdict, each.why) for each in judgement.findings]
    suites = [(judgement.drill, f"zweitherz.{judgement.drill}", checks)]
    if comparison is not None:
        title = f"{judgement.drill} against {comparison.baseline}"
        suites.append((title, f"zweitherz.{judgement.drill}.comparison", list(_compared(comparison))))
    whole = ET.Element("testsuites", {"name": "zweitherz", **_counts(case for _, _, cases in suites for case in cases)})
    for number, (title, classname, cases) in enumerate(suites):
        identity = judgement.run + (f"-{number}" if number else "")
        suite = ET.SubElement(whole, "testsuite", {"name": _xml(title), "id": _xml(identity), **_counts(cases)})
        for case in cases:
            _add(suite, case, classname)
    ET.indent(whole)
    return bytes(ET.tostring(whole, encoding="utf-8", xml_declaration=True)) + b"\n"


def _compared(comparison: Comparison) -> Iterable[_Case]:
    if comparison.refused:
        yield _Case("comparison", comparison.verdict, comparison.why)
        return
    for each in comparison.metrics:
        yield _Case(each.metric, each.change.verdict, _in_words(each))
    for line in comparison.left_out:
        name, _, why = line.partition(": ")
        yield _Case(name, None, why)


def _in_words(each: Compared) -> str:
    was, now = (f"{_number(side.value)} (n {side.n})" for side in (each.baseline, each.now))
    tolerated = f", tolerated {_number(each.margin)}" if each.margin is not None else ""
    why = f": {each.why}" if each.why else ""
    return f"{each.change.value}{why}; {was} -> {now} {each.unit}".rstrip() + tolerated


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.4g}"


def _add(suite: ET.Element, case: _Case, classname: str) -> None:
    made = ET.SubElement(suite, "testcase", classname=_xml(classname), name=_xml(case.name))
    if case.verdict is None:
        ET.SubElement(made, "skipped", message=_xml(case.why))
        return
    if case.verdict is not Verdict.PASS:
        kind = "failure" if case.verdict is Verdict.FAIL else "error"
        ET.SubElement(made, kind, type=case.verdict.value, message=_xml(case.why))
    ET.SubElement(made, "system-out").text = _xml(case.why)


def _counts(cases: Iterable[_Case]) -> dict[str, str]:
    verdicts = [case.verdict for case in cases]
    counted = {"failures": Verdict.FAIL, "errors": Verdict.INCONCLUSIVE, "skipped": None}
    numbers = {name: str(verdicts.count(verdict)) for name, verdict in counted.items()}
    return {"tests": str(len(verdicts)), **numbers}


def _xml(text: str) -> str:
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
