"""What watched: each monitor against the truth, and how fast the error budgets burned beside the thresholds of their alerts."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dashboards.report.model import Burn, Monitor, Pairs
from dashboards.report.part import NotThere
from results.burn import Pair
from results.checks.monitors import Alert, alerts, looks, looks_of, lost_place
from results.evidence import Evidence, Unusable
from results.finding import Finding
from results.marks import Marks

_SECOND = 1_000_000_000
_MOST_POINTS = 240
Counts = npt.NDArray[np.int64]


def monitors(evidence: Evidence, marks: Marks, origin: int, findings: dict[str, Finding]) -> list[Monitor]:
    """Those of the survivor first. Raises Unusable where nobody looked at anything."""
    lost, raised = lost_place(evidence), alerts(evidence)
    blind = {f"{each.monitor}@{each.site}": each.blind_s for each in looks(evidence, marks)}
    seen: dict[str, list[tuple[float, bool]]] = {}
    for name, t, ok in evidence.rows(
        "SELECT CAST(subject AS VARCHAR), t, value > 0.5 FROM samples WHERE source = 'monitors' AND metric = 'ok' ORDER BY 1, 2"
    ):
        seen.setdefault(name, []).append((round((t - origin) / _SECOND, 2), bool(ok)))
    noticed = findings["monitor-detection"].measured.get("ttd_s") if "monitor-detection" in findings else None
    times = noticed if isinstance(noticed, dict) else {}
    made = []
    for name in sorted(seen.keys() | blind.keys()):
        own, ttd = seen.get(name, []), times.get(name)
        made.append(
            Monitor(
                name=name,
                lost=bool(lost) and name.partition("@")[2] == lost,
                looks=len(own),
                failed=sum(not ok for _, ok in own),
                blind_s=blind.get(name),
                noticed_s=float(ttd) if isinstance(ttd, int | float) else None,
                alarms=[_alarm(alert, origin) for alert in raised if f"{alert.monitor}@{alert.site}" == name],
                runs=_runs(own),
            )
        )
    return sorted(made, key=lambda each: (each.lost, each.name.partition("@")[2], each.name))


def _alarm(alert: Alert, origin: int) -> tuple[float, float | None]:
    cleared = None if alert.cleared_ns is None else round((alert.cleared_ns - origin) / _SECOND, 2)
    return round((alert.raised_ns - origin) / _SECOND, 2), cleared


def _runs(own: list[tuple[float, bool]]) -> list[tuple[float, float, bool]]:
    """Looks of the same outcome as one bar; a pause much longer than usual ends it, as nobody looked meanwhile."""
    pauses = [after - before for (before, _), (after, _) in pairwise(own)]
    longest = 4 * float(np.median(pauses)) if pauses else 0.0
    runs: list[tuple[float, float, bool]] = []
    for at, ok in own:
        if runs and runs[-1][2] is ok and at - runs[-1][1] <= longest:
            runs[-1] = (runs[-1][0], at, ok)
        else:
            runs.append((at, at, ok))
    return runs


def burns(evidence: Evidence, marks: Marks, origin: int) -> list[Burn]:
    """Of each alert of the run's rules. Raises NotThere where no rules were loaded, and Unusable."""
    path = evidence.run / "rules" / "alerts.json"
    if not path.is_file():
        raise NotThere("evidence", "rules/alerts.json: missing, no rules were loaded")
    described = json.loads(path.read_bytes())
    made = [_burn(evidence, marks, origin, each) for each in described]
    if not any(pair.points for each in made for pair in each.pairs):
        raise NotThere("evidence", "samples.parquet, history: nothing that an objective counts")
    return made


def _burn(evidence: Evidence, marks: Marks, origin: int, alert: dict[str, object]) -> Burn:
    budget, period_s, monitor = float(str(alert["budget"])), int(str(alert["period_s"])), alert["monitor"]
    raw = alert["pairs"]
    if not isinstance(raw, list):
        raise Unusable("rules/alerts.json: pairs are no list")
    pairs = [Pair(**pair) for pair in raw]
    end = marks.observed_ns or 0
    first, good, every = (
        _of_looks(evidence, str(monitor), origin) if monitor is not None else _of_answers(evidence, origin, end)
    )
    bad = every - good
    return Burn(
        alert=str(alert["alert"]),
        budget=budget,
        scale=int(str(alert.get("scale", 1))),
        counts=str(monitor) if monitor is not None else "",
        pairs=[
            Pairs(
                long_s=pair.long_s,
                short_s=pair.short_s,
                threshold=pair.factor(period_s),
                severity=pair.severity,
                points=_points(bad, every, first, pair, budget),
            )
            for pair in pairs
        ],
        fired=_fired(evidence, str(alert["alert"]), origin),
    )


def _of_looks(evidence: Evidence, monitor: str, origin: int) -> tuple[int, Counts, Counts]:
    return _binned([((t - origin) // _SECOND, int(good), 1) for t, good in looks_of(evidence, monitor, 0)])


def _of_answers(evidence: Evidence, origin: int, end: int) -> tuple[int, Counts, Counts]:
    """As `results.checks.monitors.answers` counts them, second by second in the database: there may be ten million."""
    rows = evidence.rows(
        "SELECT CAST(floor((t_done - ?) / 1e9) AS INTEGER), count(*) FILTER (status < 500), count(*) FROM attempts "
        "WHERE t_done < ? AND (status < 300 OR status >= 500) GROUP BY 1 ORDER BY 1",
        *(origin, end),
    )
    return _binned([(int(second), int(good), int(every)) for second, good, every in rows])


def _binned(rows: list[tuple[int, int, int]]) -> tuple[int, Counts, Counts]:
    """First second, good and all events second by second."""
    if not rows:
        return 0, np.zeros(0, np.int64), np.zeros(0, np.int64)
    seconds, good, every = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    length = int(seconds.max() - seconds.min()) + 1
    place = seconds - seconds.min()
    # bincount adds up in floating point, exactly for counts as small as these
    return (
        int(seconds.min()),
        np.bincount(place, good, length).astype(np.int64),
        np.bincount(place, every, length).astype(np.int64),
    )


def _points(bad: Counts, every: Counts, first: int, pair: Pair, budget: float) -> list[tuple[float, float, float]]:
    if not len(every):
        return []
    long, short = (_ratio(bad, every, length) / budget for length in (pair.long_s, pair.short_s))
    step = max(1, len(every) // _MOST_POINTS)
    # of a step the worst second is shown: a peak must not fall between two points
    found = []
    for begin in range(0, len(every), step):
        at = begin + int(np.argmax(short[begin : begin + step]))
        found.append((float(first + at + 1), round(float(long[at]), 3), round(float(short[at]), 3)))
    return found


def _ratio(bad: Counts, every: Counts, length: int) -> npt.NDArray[np.float64]:
    """Share of bad events in the window that ends with each second; 0 where there was no event."""
    sums = []
    for column in (bad, every):
        total = np.concatenate(([0], np.cumsum(column)))
        before = np.maximum(np.arange(1, len(total)) - length, 0)
        sums.append(total[1:] - total[before])
    ratio = np.zeros(len(bad))
    np.divide(sums[0], sums[1], out=ratio, where=sums[1] > 0)
    return ratio


def _fired(evidence: Evidence, alert: str, origin: int) -> list[tuple[float, float | None]]:
    """Where any site's Prometheus showed it as firing."""
    open_: dict[str, float] = {}
    found: list[tuple[float, float | None]] = []
    for event in evidence.of_kind("rule"):
        if event.subject != alert:
            continue
        site, at = str(event.data.get("site")), round((event.t_ns - origin) / _SECOND, 2)
        if event.data.get("state") == "firing":
            open_.setdefault(site, at)
        elif site in open_:
            found.append((open_.pop(site), at))
    return sorted([*found, *((begin, None) for begin in open_.values())], key=lambda each: each[0])
