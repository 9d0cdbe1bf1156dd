"""What is told after a drill: verdict, one sentence, figures against their objectives, where the report is. Nothing secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any

from drill.notify.configuration import Mail
from results.comparison.model import Comparison
from results.finding import Finding, Value, Verdict, merge
from results.judge import Judgement
from results.sentence import sentence

SCHEMA = "zweitherz/notice/1"
_ABORTED, _CLEAN_UP_FAILED = 3, 4
_MOST_FIELDS = 10  # Slack takes no more in one section
_LONGEST_HEADER = 150
# label, check, what it measured, its objective, "most" or "least", unit
_FIGURES = (
    ("service restored after", "recovery-time", "rta_s", "rto_s", "at most", " s"),
    ("acknowledged uploads lost", "data-loss", "lost", "lost", "at most", ""),
    ("readings stored twice", "duplicates", "duplicated_readings", "duplicated", "at most", ""),
    ("readings on time", "availability-slo", "availability", "availability", "at least", ""),
    ("first alarm after", "monitor-detection", "fastest_s", "fastest_s", "at most", " s"),
    ("false alarms", "monitor-truth", "false_alarms", "false_alarms", "at most", ""),
)


@dataclass(frozen=True)
class Figure:
    """One figure as people read it; `objective` with its direction."""

    label: str
    measured: str
    objective: str


@dataclass(frozen=True)
class Notice:
    """`state`: the verdict (pass, inconclusive, fail), or aborted, or clean-up failed. `not_passed`: names of checks."""

    run: str
    drill: str
    state: str
    exit_code: int
    sentence: str
    figures: tuple[Figure, ...]
    not_passed: tuple[str, ...]
    report: str

    @property
    def title(self) -> str:
        return f"{self.state.upper()}: drill {self.drill}"

    @property
    def text(self) -> str:
        """For people, in plain text."""
        lines = [self.title, "", self.sentence, ""]
        lines += [f"* {each.label}: {each.measured} (objective: {each.objective})" for each in self.figures]
        if self.not_passed:
            lines += ["", f"Not passed: {', '.join(self.not_passed)}"]
        return "\n".join([*lines, "", f"Report: {self.report}", f"Run: {self.run}"]) + "\n"

    def as_json(self) -> dict[str, Any]:
        """For programs; keep it stable."""
        return {"schema": SCHEMA, **asdict(self)}

    def as_slack(self) -> dict[str, Any]:
        """For Slack, and for all who take its form (text and blocks): https://api.slack.com/reference/block-kit/blocks."""
        fields = [
            {"type": "mrkdwn", "text": f"*{_slack(each.label)}*\n{_slack(each.measured)} ({_slack(each.objective)})"}
            for each in self.figures[:_MOST_FIELDS]
        ]
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": {"type": "plain_text", "text": self.title[:_LONGEST_HEADER]}},
            {"type": "section", "text": {"type": "mrkdwn", "text": _slack(self.sentence)}},
            *([{"type": "section", "fields": fields}] if fields else []),
        ]
        where = f"Report: {self.report} · run {self.run}"
        if self.not_passed:
            where = f"Not passed: {', '.join(self.not_passed)} · {where}"
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _slack(where)}]})
        return {"text": _slack(f"{self.title}. {self.sentence}"), "blocks": blocks}

    def as_mail(self, mail: Mail) -> EmailMessage:
        """The same message has the same Message-ID: one that was sent again after a lost answer is shown once."""
        message = EmailMessage()
        message["From"], message["To"] = mail.sender, ", ".join(mail.to)
        message["Subject"] = self.title
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{self.run}.{mail.name}@zweitherz.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        return message


def notice_of(
    run: Path,
    judgement: Judgement,
    exit_code: int,
    report: Path | None,
    report_base: str | None,
    comparison: Comparison | None = None,
) -> Notice:
    """What came of a drill, from its judgement. `report_base`: where the folder of runs is published.

    A drill that passed and is worse than its baseline has not passed: its state is that of both.
    """
    state = {_ABORTED: "aborted", _CLEAN_UP_FAILED: "clean-up failed"}.get(exit_code)
    verdicts = [judgement.verdict, *([comparison.verdict] if comparison is not None else [])]
    if report is None:
        where = "not drawn"
    elif report_base is not None:
        where = f"{report_base.rstrip('/')}/{run.name}/{report.name}"
    else:
        where = f"{socket.gethostname()}:{report}"
    not_passed = [finding.name for finding in judgement.findings if finding.verdict is not Verdict.PASS]
    told = sentence(judgement)
    if comparison is not None:
        told += f" Against its baseline {comparison.baseline}: {comparison.verdict.value}, {comparison.why}."
        not_passed += ["comparison"] if comparison.verdict is not Verdict.PASS else []
    drill = " ".join(judgement.drill.split())
    figures = tuple(_figures(judgement.findings))
    return Notice(run.name, drill, state or merge(verdicts).value, exit_code, told, figures, tuple(not_passed), where)


def _figures(findings: tuple[Finding, ...]) -> Iterator[Figure]:
    by_name = {finding.name: finding for finding in findings}
    for label, check, measured, objective, order, unit in _FIGURES:
        finding = by_name.get(check)
        if finding is not None and objective in finding.objective:
            shown = _shown(finding.measured.get(measured), unit)
            yield Figure(label, shown, f"{order} {_shown(finding.objective[objective], unit)}")
    latency = by_name.get("latency-slo")
    for name, limit in latency.objective.items() if latency is not None else ():
        phases = latency.measured.values() if latency is not None else ()
        found = [
            phase[name] for phase in phases if isinstance(phase, dict) and isinstance(phase.get(name), int | float)
        ]
        worst = max((each for each in found if isinstance(each, int | float)), default=None)
        yield Figure(f"latency {name.removesuffix('_ms')}", _shown(worst, " ms"), f"at most {_shown(limit, ' ms')}")


def _shown(value: Value, unit: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "unknown"
    return f"{value:,.4g}{unit}" if isinstance(value, float) else f"{value:,}{unit}"


def _slack(text: str) -> str:
    """Slack's three characters with a meaning."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
