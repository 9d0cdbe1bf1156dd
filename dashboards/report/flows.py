"""Where the uploads went: who acknowledged them, how long clients stayed with the lost site, how long patients waited."""

from __future__ import annotations

import math
from collections.abc import Iterable

from dashboards.report.model import Curve, Drain, Heat, Writers
from dashboards.report.part import NotThere
from results.evidence import Evidence
from results.finding import Finding, Value
from results.marks import Marks

_SECOND = 1_000_000_000
_MOST_BINS = 240
_EDGES_MS = [
    2.0 * 2 ** (number / 2) for number in range(34)
]  # 2 ms to three minutes and a bit, two bins for each doubling


def bin_s(begin: int, end: int) -> int:
    """Whole seconds to a bin, so that there are not more of them than a picture can show."""
    return max(1, math.ceil((end - begin) / _SECOND / _MOST_BINS))


def writers(evidence: Evidence, marks: Marks, origin: int) -> Writers:
    """Raises NotThere where nothing was tried, and Unusable."""
    begin, end = evidence.row("SELECT min(t_done), max(t_done) FROM attempts")
    if begin is None:
        raise NotThere("evidence", "history: no attempt ended")
    width = bin_s(begin, end)
    rows = evidence.rows(
        "SELECT CAST(floor((t_done - ?) / (1e9 * ?)) AS INTEGER) AS bin, "
        "CASE WHEN outcome = 'ok' THEN coalesce(CAST(site AS VARCHAR), '?') ELSE '' END AS site, count(*) "
        "FROM attempts WHERE t_done IS NOT NULL GROUP BY 1, 2",
        *(origin, width),
    )
    first, last = (math.floor((t - origin) / _SECOND / width) for t in (begin, end))
    columns: dict[str, list[float]] = {site: [0.0] * (last - first + 1) for _, site, _ in rows}
    for number, site, count in rows:
        columns[site][number - first] = count / width
    fault = evidence.plan.fault
    order = [fault.site, fault.survivor]
    named = sorted((site for site in columns if site), key=lambda site: (site not in order, site != fault.site, site))
    return Writers(
        bin_s=width,
        seconds=[number * width for number in range(first, last + 1)],
        sites={site: columns[site] for site in named},
        failed=columns.get("", [0.0] * (last - first + 1)),
        overlaps=_overlaps(evidence, marks, origin),
    )


def _overlaps(evidence: Evidence, marks: Marks, origin: int) -> list[tuple[float, float]]:
    """As the check on split brain counts it: the old site acknowledges after the new one's first; both ways round a hand-over."""
    if marks.t0 is None:
        return []
    fault, end = evidence.plan.fault, 1 << 62
    turns = [(fault.site, fault.survivor, marks.t0, marks.t_fb or end)]
    if marks.t_fb is not None:
        turns.append((fault.survivor, fault.site, marks.t_fb, end))
    found = []
    for old, new, begin, until in turns:
        first, last = evidence.row(
            "SELECT min(t_done) FILTER (site = ?), max(t_done) FILTER (site = ?) FROM attempts "
            "WHERE outcome = 'ok' AND t_done > ? AND t_done < ?",
            *(new, old, begin, until),
        )
        if first is not None and last is not None and last >= first:
            found.append((round((first - origin) / _SECOND, 3), round((last - origin) / _SECOND, 3)))
    return found


def drain(evidence: Evidence, marks: Marks, findings: dict[str, Finding]) -> Drain:
    """Survival on the lost site. Raises NotThere without a fault or a takeover of the main cluster."""
    if evidence.plan.fault.takeover != "main":
        raise NotThere("no-takeover")
    if marks.t0 is None:
        raise NotThere("no-fault")
    lost = evidence.plan.fault.site
    end = marks.observed_ns or marks.t0
    clients = _clients(evidence, marks.t0, end, evidence.address(lost), _t95(findings.get("traffic-drain")))
    answers = _answers(evidence, marks.t0, end, evidence.address(lost), _t95(findings.get("dns-convergence")))
    if not clients:
        raise NotThere("evidence", "history: nobody tried anything after the fault")
    return Drain(lost=lost, clients=clients, answers=answers, since="t_auth" if marks.t_auth else "t0")


def _t95(finding: Finding | None) -> dict[str, Value]:
    times = finding.measured.get("t95_s") if finding is not None else None
    return times if isinstance(times, dict) else {}


def _clients(evidence: Evidence, t0: int, end: int, address: str, t95: dict[str, Value]) -> list[Curve]:
    """Of each class the share of those who tried something after the fault and had yet to try the lost address
    for the last time."""
    rows = evidence.rows(
        "WITH last AS (SELECT CAST(client AS VARCHAR) AS client, op >> 24 AS patient, "
        "max(t_dispatched) FILTER (address = $1) AS old FROM attempts "
        "WHERE address IS NOT NULL AND t_dispatched >= $2 AND t_dispatched < $3 GROUP BY 1, 2) "
        "SELECT client, CAST(floor((old - $2) / 1e9) AS INTEGER) AS second, count(*) FROM last GROUP BY 1, 2 ORDER BY 1, 2",
        *(address, t0, end),
    )
    length = math.ceil((end - t0) / _SECOND)
    curves = []
    for name in sorted({client for client, _, _ in rows}):
        left: dict[int | None, int] = {second: count for client, second, count in rows if client == name}
        total = sum(left.values())
        still = total - left.get(None, 0)
        points = [(0.0, still / total)]
        for second in range(length):
            if second in left:
                still -= left[second]
                points.append((float(second + 1), round(still / total, 5)))
        points.append((float(max(length, 1)), still / total))
        curves.append(Curve(name=name, points=points, n=total, t95_s=_number(t95.get(name)), asked=name in t95))
    return curves


def _answers(evidence: Evidence, t0: int, end: int, address: str, t95: dict[str, Value]) -> list[Curve]:
    """Of each resolver's answers of a bin the share that still is the lost address; a bin without any has no point."""
    width = bin_s(t0 - 10 * _SECOND, end)
    rows = evidence.rows(
        "SELECT CAST(server AS VARCHAR), CAST(floor((t_answered - ?) / (1e9 * ?)) AS INTEGER) AS bin, "
        "avg(CASE WHEN answer = ? THEN 1.0 ELSE 0.0 END), count(*) FROM lookups "
        "WHERE layer = 'resolver' AND answer IS NOT NULL AND t_answered >= ? AND t_answered < ? GROUP BY 1, 2 ORDER BY 1, 2",
        *(t0, width, address, t0 - 10 * _SECOND, end),
    )
    curves = []
    for name in sorted({server for server, *_ in rows}):
        own = [(number * width, share, count) for server, number, share, count in rows if server == name]
        points = _corners((float(second), round(share, 4)) for second, share, _ in own)
        curves.append(
            Curve(name=name, points=points, n=sum(n for *_, n in own), t95_s=_number(t95.get(name)), asked=name in t95)
        )
    return curves


def _corners(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same line with fewer points: those in the middle of a level run are left out."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if len(kept) > 1 and kept[-1][1] == kept[-2][1] == point[1]:
            kept[-1] = point
        else:
            kept.append(point)
    return kept


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def heat(evidence: Evidence, origin: int) -> Heat:
    """Raises NotThere where nothing was intended, and Unusable."""
    begin, end = evidence.row("SELECT min(t_intended), max(t_intended) FROM operations")
    if begin is None:
        raise NotThere("evidence", "history: no reading was intended")
    width = bin_s(begin, end)
    first = math.floor((begin - origin) / _SECOND / width)
    columns = math.floor((end - origin) / _SECOND / width) - first + 1
    lowest, bins = math.log2(_EDGES_MS[0] * 1e6), len(_EDGES_MS) - 1
    rows = evidence.rows(
        "SELECT CAST(floor((t_intended - $1) / (1e9 * $2)) AS INTEGER) AS bin, CASE WHEN t_ack IS NULL THEN $4 ELSE "
        "least($4 - 1, greatest(0, CAST(floor(2 * (log2(greatest(1, t_ack - t_intended)) - $3)) AS INTEGER))) END AS level, "
        "count(*), max(t_ack - t_intended) / 1e6 FROM operations GROUP BY 1, 2",
        *(origin, width, lowest, bins),
    )
    counts = [[0] * columns for _ in range(bins + 1)]
    for number, level, count, _ in rows:
        counts[level][number - first] = count
    quantiles: dict[int, tuple[float | None, float | None]] = {
        number: (p50, p99)
        for number, p50, p99 in evidence.rows(
            "SELECT CAST(floor((t_intended - ?) / (1e9 * ?)) AS INTEGER), quantile_cont((t_ack - t_intended) / 1e6, 0.5), "
            "quantile_cont((t_ack - t_intended) / 1e6, 0.99) FROM operations GROUP BY 1",
            *(origin, width),
        )
    }
    found = [quantiles.get(number, (None, None)) for number in range(first, first + columns)]
    worst = [value for *_, value in rows if value is not None]
    return Heat(
        bin_s=width,
        begin=first * width,
        edges_ms=_EDGES_MS,
        counts=counts,
        p50=[None if p50 is None else round(p50, 2) for p50, _ in found],
        p99=[None if p99 is None else round(p99, 2) for _, p99 in found],
        worst_ms=round(max(worst), 1) if worst else None,
        never=sum(counts[bins]),
    )
