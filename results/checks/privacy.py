"""Did anything of a patient get out of the product? Planted values are searched in everything that watches it received."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from results import run as runs
from results.canaries import any_of, find
from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "privacy"
LOGS = "logs"
_OF_THE_LAB = "lab"
_DRAWN_LATER = "report.log"  # written when the report is drawn, which is after the verdict
_SERVER = re.compile(r"vitals\d+")

# What must be found in a sink that was really searched: it shows that the product reports there, and that reading it works. The
# alert channels have their heartbeat.
_CONTROLS = {
    "sentry": ("kind = 'check_in' OR contains(text, 'vitals@')", "an item of release vitals@…, or a check-in"),
    "matomo": ("true", "an action"),
    "prometheus": ("kind = 'vitals_uploads_total'", "the series vitals_uploads_total"),
    "alerts": ("contains(text, 'Heartbeat')", "a heartbeat"),
}


@dataclass(frozen=True)
class _Leak:
    """Hits of one kind of item in a sink, and the first of them."""

    sink: str
    kind: str
    count: int
    item: str
    text: str


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          no canary in any sink, and each sink was really searched: its positive control was found
    fail          a canary (see `results.canaries`) in Sentry, Matomo, Prometheus, the alert channel or a log
    inconclusive  a sink was not read, or not all of it, or its positive control is missing

    Without a tools cluster in the target only the logs are searched. Control of the logs: the log of every service that ran is
    there, and each of the product's servers has written into its own.

    measured: hits by sink, searched by sink (items; of logs: lines)
    """
    tag = runs.tag(evidence.run.name)
    objective: dict[str, Value] = {"hits": 0}
    watched = bool(evidence.environment.get("target", {}).get("tools"))
    leaks, searched, unread = _logs(evidence, tag)
    if watched:
        reasons, found, items = _sinks(evidence, tag)
        unread, leaks, searched = [*reasons, *unread], [*found, *leaks], items | searched
    hits: dict[str, Value] = {sink: sum(leak.count for leak in leaks if leak.sink == sink) for sink in searched}
    measured: dict[str, Value] = {"hits": hits, "searched": dict(searched)}
    if leaks:
        first = leaks[0]
        canary = find(first.text, tag)
        shown = f"{canary.name} {canary.masked}" if canary else "a canary"
        why = (
            f"{sum(leak.count for leak in leaks)} items with a patient's values (limit 0), first in {first.sink}: "
            f"{first.kind} {first.item} holds {shown}"
        )
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    if unread:
        return Finding(NAME, Verdict.INCONCLUSIVE, "; ".join(unread), measured, objective)
    shown = ", ".join(f"{sink} {count}" for sink, count in searched.items())
    why = f"no patient's value in what was received ({shown})"
    if not watched:
        why += "; the target has no tools cluster, so only its logs were searched"
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _sinks(evidence: Evidence, tag: str) -> tuple[list[str], list[_Leak], dict[str, int]]:
    """Why a sink counts as not searched; what was found; items by sink."""
    unread = _not_collected(evidence)
    try:
        items = {
            str(sink): int(count)
            for sink, count in evidence.rows("SELECT CAST(sink AS VARCHAR), count(*) FROM telemetry GROUP BY 1")
        }
    except Unusable as error:
        return [*unread, str(error)], [], dict.fromkeys(_CONTROLS, 0)
    for sink, (control, shown) in _CONTROLS.items():
        if not any(reason.startswith(sink) for reason in unread):
            (there,) = evidence.row(f"SELECT count(*) FROM telemetry WHERE sink = ? AND ({control})", sink)
            if not there:
                unread.append(f"{sink}: not searched, {shown} is not among its {items.get(sink, 0)} items")
    rows = evidence.rows(
        "SELECT CAST(sink AS VARCHAR), CAST(kind AS VARCHAR), count(*) OVER of_kind, item, text FROM telemetry "
        "WHERE regexp_matches(text, $1) OR (contains(text, '%') AND regexp_matches(try(url_decode(text)), $1)) "
        "WINDOW of_kind AS (PARTITION BY sink, kind) "
        "QUALIFY row_number() OVER (PARTITION BY sink, kind ORDER BY t NULLS LAST, site, item) = 1 ORDER BY 1, 2",
        any_of(tag),
    )
    return unread, [_Leak(*row) for row in rows], {sink: items.get(sink, 0) for sink in _CONTROLS}


def _not_collected(evidence: Evidence) -> list[str]:
    """One line for each sink that was not read, or not everywhere."""
    events = [event for event in evidence.of_kind("collected") if event.subject.partition("@")[0] in _CONTROLS]
    failed = {e.subject: f"{e.subject}: not read ({e.data.get('why')})" for e in events if not e.data.get("complete")}
    read = {event.subject.partition("@")[0] for event in events}
    return [*failed.values(), *(f"{sink}: not read" for sink in _CONTROLS if sink not in read)]


def _logs(evidence: Evidence, tag: str) -> tuple[list[_Leak], dict[str, int], list[str]]:
    """What was found in the logs; how many lines were searched; why they do not count as searched."""
    pattern = re.compile(any_of(tag))
    hits: dict[str, list[tuple[int, str]]] = {}
    lines: dict[str, int] = {}
    folder = evidence.run / LOGS
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _DRAWN_LATER):
        name = str(file.relative_to(folder))
        lines[name] = 0
        for number, line in _numbered(file):
            lines[name] = number
            if pattern.search(line) or ("%" in line and find(line, tag)):
                hits.setdefault(name, []).append((number, line))
    leaks = [_Leak(LOGS, name, len(found), f"line {found[0][0]}", found[0][1]) for name, found in hits.items()]
    return leaks, {LOGS: sum(lines.values())}, _silent(evidence, lines)


def _numbered(file: Path) -> Iterator[tuple[int, str]]:
    with file.open(encoding="utf-8", errors="replace") as content:
        yield from enumerate(content, 1)


def _silent(evidence: Evidence, lines: dict[str, int]) -> list[str]:
    """Why the logs do not count as searched."""
    ran = evidence.rows(
        "SELECT DISTINCT CAST(subject AS VARCHAR) FROM samples WHERE source = 'lab' AND metric = 'rss_bytes' ORDER BY 1"
    )
    services = [str(row[0]) for row in ran]
    servers = [service for service in services if _SERVER.fullmatch(service.rpartition("/")[2])]
    missing = [service for service in services if f"{_OF_THE_LAB}/{service}.log" not in lines]
    silent = [service for service in servers if not lines.get(f"{_OF_THE_LAB}/{service}.log")]
    if not servers:
        return [f"{LOGS}: no server of the product was seen to run, so no log of it was searched"]
    if missing:
        return [f"{LOGS}: the log of {', '.join(missing)} was not kept"]
    if silent:
        return [f"{LOGS}: {', '.join(silent)} has written nothing"]
    return []
