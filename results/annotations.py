"""One line for each check that is red or inconclusive, as the pages of pipelines take it: GitHub's workflow commands, GitLab's
Code Quality report. Of a comparison: the figures that are worse or cannot be compared; one that was refused is one line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from results import markdown
from results.comparison.model import Comparison
from results.finding import Verdict
from results.judge import Judgement


@dataclass(frozen=True)
class Annotation:
    """`verdict`: fail or inconclusive."""

    name: str
    verdict: Verdict
    why: str


def not_green(judgement: Judgement, comparison: Comparison | None = None) -> list[Annotation]:
    """The red ones first (GitHub shows ten of a kind and step, no more); each in one line of printable characters."""
    found = [*_of_checks(judgement), *(_of_comparison(comparison) if comparison is not None else ())]
    return sorted(found, key=lambda each: -each.verdict.severity)


def github(judgement: Judgement, comparison: Comparison | None = None) -> str:
    """Workflow commands, one a line: fail is an error, inconclusive a warning. Escaped as GitHub's own toolkit does it."""
    lines = []
    for each in not_green(judgement, comparison):
        kind = "error" if each.verdict is Verdict.FAIL else "warning"
        title = _property(markdown.one_line(f"{judgement.drill}: {each.name}"))
        lines.append(f"::{kind} title={title}::{_data(f'{each.verdict.value}: {each.why}')}\n")
    return "".join(lines)


def gitlab(judgement: Judgement, where: str, comparison: Comparison | None = None) -> str:
    """A Code Quality report. `where`: the file of the repository beside which it is shown, relative, without ``./``.

    The fingerprint names drill and check and nothing else: what was red before is known, not new.
    """
    report = [
        {
            "description": f"{judgement.drill}: {each.name}: {each.verdict.value}: {each.why}",
            "check_name": each.name,
            "fingerprint": hashlib.sha256(f"zweitherz/{judgement.drill}/{each.name}".encode()).hexdigest(),
            "severity": "critical" if each.verdict is Verdict.FAIL else "major",
            "location": {"path": where, "lines": {"begin": 1}},
        }
        for each in not_green(judgement, comparison)
    ]
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _of_checks(judgement: Judgement) -> Iterator[Annotation]:
    for finding in judgement.findings:
        if finding.verdict is not Verdict.PASS:
            yield Annotation(finding.name, finding.verdict, markdown.one_line(finding.why))


def _of_comparison(comparison: Comparison) -> Iterator[Annotation]:
    if comparison.refused:
        yield Annotation("comparison", comparison.verdict, markdown.one_line(comparison.why))
        return
    for each in comparison.metrics:
        if each.change.verdict is Verdict.PASS:
            continue
        was, now = ("unknown" if side.value is None else f"{side.value:,.4g}" for side in (each.baseline, each.now))
        limit = f" (tolerated {each.margin:,.4g})" if each.margin is not None else ""
        why = f"{was} -> {now} {each.unit}".rstrip() + limit + (f"; {each.why}" if each.why else "")
        yield Annotation(
            f"comparison {each.metric}", each.change.verdict, markdown.one_line(f"{each.change.value}, {why}")
        )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
