"""``summary.md``: what the owner of a pipeline wants to see on the page of a job, in at most 40 lines.

What is red comes first, what is not shown is counted. Names and reasons are escaped (`results.markdown`): anybody may have
written them.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence

from results import markdown
from results.comparison.model import Change, Compared, Comparison, Side
from results.effort import Effort
from results.finding import Finding, Verdict, merge
from results.judge import Judgement
from results.sentence import number, sentence

MOST_LINES = 40
_LONGEST = 300  # characters of a reason
_LEAST_FIGURES = 4
_DIFFERING = 3
_ORDER = (Change.WORSE, Change.UNKNOWN, Change.BETTER, Change.SAME)
_TABLE = 3  # head of a table, its rule, and the empty line behind it


def summary(
    judgement: Judgement, comparison: Comparison | None = None, effort: Effort | None = None, again: str = ""
) -> str:
    """At most 40 lines of Markdown. `again`: the command that runs the same drill with the same seed once more."""
    head, tail = _head(judgement, comparison), _tail(judgement, effort, again)
    checks = sorted(judgement.findings, key=lambda each: -each.verdict.severity)
    against, figures = _against(comparison) if comparison is not None else ([], [])
    room = MOST_LINES - len(head) - len(tail) - len(against) - _TABLE - (_TABLE if figures else 0)
    # of the figures, at least all that are bad, but never more than half; then what the checks leave free
    bad = sum(each.change.verdict is not Verdict.PASS for each in figures)
    for_figures = min(len(figures), max(_LEAST_FIGURES, min(bad, room // 2)))
    for_checks = min(len(checks), room - for_figures)
    lines = [*head, "| check | verdict | why |", "|---|---|---|", *_check_rows(checks, for_checks), ""]
    lines += against
    if figures:
        lines += ["| metric | baseline (n) | now (n) | change | tolerance | verdict |", "|---|---|---|---|---|---|"]
        lines += [*_figure_rows(figures, room - for_checks), ""]
    return "\n".join([*lines, *tail]) + "\n"


def _head(judgement: Judgement, comparison: Comparison | None) -> list[str]:
    verdict = merge([judgement.verdict, *([comparison.verdict] if comparison is not None else [])])
    where = f"Run {markdown.code(judgement.run)}, seed {judgement.seed}."
    if judgement.marks.t0:
        moment = datetime.datetime.fromtimestamp(judgement.marks.t0 / 1e9, datetime.UTC)
        where = f"Fault at {moment:%Y-%m-%d %H:%M:%S} UTC. {where}"
    title = f"# {verdict.value.upper()}: {markdown.text(judgement.drill)}"
    return [title, "", markdown.text(sentence(judgement)), "", where, ""]


def _tail(judgement: Judgement, effort: Effort | None, again: str) -> list[str]:
    head = judgement.headline
    lines = [
        f"Patients seen {number(head['patients_seen'])} of {number(head['patients'])}; "
        f"latency p50 {number(head['latency_p50_ms'], ' ms')}, p99 {number(head['latency_p99_ms'], ' ms')}; "
        f"detection {number(head['ttd_s'], ' s')}; generator lag p99 {number(head['generator_lag_p99_ms'], ' ms')}.",
        "",
    ]
    if effort is not None:
        wall = "unknown" if effort.wall_s is None else _duration(effort.wall_s)
        cores = "not sampled" if effort.core_s is None else f"{effort.core_s:,.0f} core-seconds"
        documents = [f"{markdown.code(name)} {_size(size)}" for name, size in sorted(effort.documents.items())]
        files = ", ".join([f"evidence {_size(effort.evidence_bytes)}", *documents])
        lines += [f"Wall time {wall}, {cores}. Files: {files}.", ""]
    if again:
        lines += [f"Run it again: {markdown.code(again)}", ""]
    return [*lines, f"Judge it again: {markdown.code(f'zweitherz judge {judgement.run}')}"]


def _against(comparison: Comparison) -> tuple[list[str], list[Compared]]:
    """What is said of the comparison as a whole, and the figures to be shown, the worst first."""
    known = f"(which itself is: {comparison.baseline_verdict.value})"
    whole = f"Against its baseline {markdown.code(comparison.baseline)} {known}: **{comparison.verdict.value}**, "
    lines = [whole + _clipped(comparison.why), ""]
    differing = [*comparison.unequal, *comparison.environments]
    if differing:
        more = f"; and {len(differing) - _DIFFERING} more" if len(differing) > _DIFFERING else ""
        lines += [f"They differ in {_clipped('; '.join(differing[:_DIFFERING]) + more)}.", ""]
    if comparison.claims:
        said = (f"{markdown.text(claim.question)} {claim.answer.value}." for claim in comparison.claims)
        lines += [" ".join(said), ""]
    if comparison.refused:
        return lines, []  # the reason has been said
    return lines, sorted(comparison.metrics, key=lambda each: _ORDER.index(each.change))


def _check_rows(findings: Sequence[Finding], room: int) -> list[str]:
    rows = [f"| {markdown.text(each.name)} | {each.verdict.value} | {_clipped(each.why)} |" for each in findings[:room]]
    if len(findings) <= room:
        return rows
    rest = findings[room - 1 :]
    return [*rows[: room - 1], f"| and {len(rest)} more | {_counted(each.verdict.value for each in rest)} | |"]


def _figure_rows(figures: Sequence[Compared], room: int) -> list[str]:
    rows = [_figure_row(each) for each in figures[:room]]
    if len(figures) <= room:
        return rows
    rest = figures[room - 1 :]
    return [*rows[: room - 1], f"| and {len(rest)} more | | | | | {_counted(each.change.value for each in rest)} |"]


def _figure_row(each: Compared) -> str:
    unit = f" {each.unit}" if each.unit else ""
    change = "unknown"
    if each.delta is not None:
        change = f"{each.delta:+,.4g}{unit}"
        change += f" ({each.low:+,.4g} to {each.high:+,.4g})" if each.low is not None and each.high is not None else ""
    sides = (_side(side, unit) for side in (each.baseline, each.now))
    tolerance = "unknown" if each.margin is None else f"{each.margin:,.4g}{unit}"
    verdict = each.change.value + (f": {_clipped(each.why)}" if each.why else "")
    return f"| {markdown.code(each.metric)} | {' | '.join(sides)} | {change} | {tolerance} | {verdict} |"


def _side(side: Side, unit: str) -> str:
    shown = "unknown" if side.value is None else f"{side.value:,.4g}{unit}"
    return f"{shown} ({side.n:,})"


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).items())


def _clipped(why: str) -> str:
    return markdown.text(why if len(why) <= _LONGEST else why[: _LONGEST - 1] + "…")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _size(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} B"
