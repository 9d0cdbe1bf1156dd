"""What is written beside the verdict for other readers: ``junit.xml`` for CI, ``summary.md`` for people in a hurry."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from results.finding import Finding, Verdict
from results.judge import Judgement

_MOST_LINES = 40
_WORDS = {Verdict.PASS: "passed", Verdict.INCONCLUSIVE: "is inconclusive", Verdict.FAIL: "failed"}


def write_documents(run: Path, judgement: Judgement) -> None:
    """``verdict.json``, ``junit.xml`` and ``summary.md``, each whole or not at all."""
    _write(run / "verdict.json", judgement.to_bytes())
    _write(run / "junit.xml", junit(judgement))
    _write(run / "summary.md", summary(judgement).encode())


def junit(judgement: Judgement) -> bytes:
    """One test case per check: fail is a failure, inconclusive an error (CI shows both red, and tells them apart)."""
    findings = judgement.findings
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    unclear = sum(finding.verdict is Verdict.INCONCLUSIVE for finding in findings)
    counts: dict[str, Any] = {
        "tests": str(len(findings)),
        "failures": str(failed),
        "errors": str(unclear),
    }  # attributes
    suites = ET.Element("testsuites", name="zweitherz", **counts)
    suite = ET.SubElement(suites, "testsuite", name=judgement.drill, id=judgement.run, **counts)
    for finding in findings:
        case = ET.SubElement(suite, "testcase", classname=f"zweitherz.{judgement.drill}", name=finding.name)
        if finding.verdict is not Verdict.PASS:
            kind = "failure" if finding.verdict is Verdict.FAIL else "error"
            ET.SubElement(case, kind, type=finding.verdict.value, message=finding.why)
        ET.SubElement(case, "system-out").text = finding.why
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def sentence(judgement: Judgement) -> str:
    """The verdict in one sentence with its three numbers; a drill is not said to have answered what it did not ask."""
    head, asked = judgement.headline, {finding.name for finding in judgement.findings}
    restored = f"service restored after {_number(head['rta_s'], ' s')}, " if "recovery-time" in asked else ""
    of_acknowledged = f"{_number(head['uploads_acknowledged'])} uploads acknowledged"
    if "data-loss" in asked:
        acknowledged = _number(head["uploads_acknowledged"])
        of_acknowledged = f"{_number(head['uploads_lost'])} of {acknowledged} acknowledged uploads lost"
    return (
        f"Drill {judgement.drill} {_WORDS[judgement.verdict]}: {restored}{of_acknowledged}, "
        f"{_percent(head['availability'])} of the readings on time."
    )


def summary(judgement: Judgement) -> str:
    """At most 40 lines of Markdown."""
    head, marks = judgement.headline, judgement.marks
    lines = [f"# {judgement.verdict.value.upper()}: {judgement.drill}", "", sentence(judgement), ""]
    if marks.t0:
        moment = datetime.datetime.fromtimestamp(marks.t0 / 1e9, datetime.UTC)
        lines += [f"Fault at {moment:%Y-%m-%d %H:%M:%S} UTC. Run `{judgement.run}`, seed {judgement.seed}.", ""]
    else:
        lines += [f"Run `{judgement.run}`, seed {judgement.seed}.", ""]
    lines += ["| check | verdict | why |", "|---|---|---|"]
    lines += [f"| {finding.name} | {finding.verdict.value} | {_cell(finding)} |" for finding in judgement.findings]
    lines += [
        "",
        f"Patients seen {_number(head['patients_seen'])} of {_number(head['patients'])}; "
        f"latency p50 {_number(head['latency_p50_ms'], ' ms')}, p99 {_number(head['latency_p99_ms'], ' ms')}; "
        f"detection {_number(head['ttd_s'], ' s')}; generator lag p99 {_number(head['generator_lag_p99_ms'], ' ms')}.",
        "",
        f"Judge again: `zweitherz judge {judgement.run}`",
    ]
    return "\n".join(lines[:_MOST_LINES]) + "\n"


def _cell(finding: Finding) -> str:
    return finding.why.replace("|", "\\|").replace("\n", " ")


def _number(value: object, unit: str = "") -> str:
    if value is None:
        return "unknown"
    shown = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return shown + unit


def _percent(value: object) -> str:
    return "an unknown share" if not isinstance(value, int | float) else f"{value:.2%}"


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
