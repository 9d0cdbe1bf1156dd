"""What the plots show: small pandas tables from stored evidence. Times in seconds since t0 (or since the first reading)."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from results.checks.monitors import alerts
from results.evidence import Evidence, Unusable
from results.marks import Marks

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Series:
    """
    served     index second; one column per serving site (acknowledgements/s), and ``failed`` (attempts/s, unknown ends too)
    latency    index second of the intended time; p50, p95, p99 in ms of the readings acknowledged at last
    requests   index second; per client class the share of attempts that went to the lost site
    answers    index second; per resolver the share of answers that named the lost site
    looks      monitor, second, ok (1 or 0): every look of every monitor
    alarms     (monitor, raised, cleared or None), in order
    phases     name -> (begin, end)
    marks      label -> second
    """

    served: pd.DataFrame
    latency: pd.DataFrame
    requests: pd.DataFrame
    answers: pd.DataFrame
    looks: pd.DataFrame
    alarms: list[tuple[str, float, float | None]]
    phases: dict[str, tuple[float, float]]
    marks: dict[str, float]


def make_series(evidence: Evidence, marks: Marks) -> Series:
    """All of it. Raises results.evidence.Unusable."""
    origin = marks.t0 or evidence.row("SELECT min(t_intended) FROM operations")[0] or 0
    lost = evidence.address(evidence.plan.fault.site)

    def frame(query: str, *parameters: object) -> pd.DataFrame:
        made: pd.DataFrame = evidence.table(query, *parameters).to_pandas()
        return made

    served = frame(
        "SELECT CAST(floor((t_done - ?) / 1e9) AS INTEGER) AS second, "
        "CASE WHEN outcome = 'ok' THEN CAST(site AS VARCHAR) ELSE 'failed' END AS kind, count(*) AS n "
        "FROM attempts WHERE t_done IS NOT NULL GROUP BY 1, 2",
        origin,
    )
    latency = frame(
        "SELECT CAST(floor((t_intended - ?) / 1e9) AS INTEGER) AS second, quantile_cont((t_ack - t_intended) / 1e6, 0.5) AS p50, "
        "quantile_cont((t_ack - t_intended) / 1e6, 0.95) AS p95, quantile_cont((t_ack - t_intended) / 1e6, 0.99) AS p99 "
        "FROM operations GROUP BY 1 ORDER BY 1",
        origin,
    )
    requests = frame(
        "SELECT CAST(floor((t_dispatched - ?) / 1e9) AS INTEGER) AS second, CAST(client AS VARCHAR) AS name, "
        "avg(CASE WHEN address = ? THEN 1.0 ELSE 0.0 END) AS share "
        "FROM attempts WHERE address IS NOT NULL GROUP BY 1, 2",
        *(origin, lost),
    )
    answers = frame(
        "SELECT CAST(floor((t_answered - ?) / 1e9) AS INTEGER) AS second, CAST(server AS VARCHAR) AS name, "
        "avg(CASE WHEN answer = ? THEN 1.0 ELSE 0.0 END) AS share "
        "FROM lookups WHERE layer = 'resolver' AND answer IS NOT NULL GROUP BY 1, 2",
        *(origin, lost),
    )
    return Series(
        served=_wide(served, "kind", "n").fillna(0),
        latency=latency.set_index("second"),
        requests=_wide(requests, "name", "share"),
        answers=_wide(answers, "name", "share"),
        looks=_looks(evidence, origin),
        alarms=_alarms(evidence, origin),
        phases=_phases(evidence, origin),
        marks=_marks(marks, origin),
    )


def _looks(evidence: Evidence, origin: int) -> pd.DataFrame:
    try:
        made: pd.DataFrame = evidence.table(
            "SELECT CAST(subject AS VARCHAR) AS monitor, (t - ?) / 1e9 AS second, value AS ok FROM samples "
            "WHERE source = 'monitors' AND metric = 'ok' ORDER BY 1, 2",
            origin,
        ).to_pandas()
    except Unusable:  # no samples at all: the checks about monitors say so
        return pd.DataFrame({"monitor": [], "second": [], "ok": []})
    return made


def _alarms(evidence: Evidence, origin: int) -> list[tuple[str, float, float | None]]:
    return [
        (
            f"{alert.monitor}@{alert.site}",
            (alert.raised_ns - origin) / _SECOND,
            None if alert.cleared_ns is None else (alert.cleared_ns - origin) / _SECOND,
        )
        for alert in alerts(evidence)
    ]


def _wide(frame: pd.DataFrame, columns: str, values: str) -> pd.DataFrame:
    if frame.empty:
        return pd.DataFrame()
    wide = frame.pivot_table(index="second", columns=columns, values=values)
    return wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + 1))


def _phases(evidence: Evidence, origin: int) -> dict[str, tuple[float, float]]:
    begun: dict[str, float] = {}
    phases: dict[str, tuple[float, float]] = {}
    for event in evidence.of_kind("phase"):
        at = (event.t_ns - origin) / _SECOND
        if event.data.get("state") == "begin":
            begun[event.subject] = at
        elif event.subject in begun:
            phases[event.subject] = (begun[event.subject], at)
    return phases


def _marks(marks: Marks, origin: int) -> dict[str, float]:
    named = {
        "fault (t0)": marks.t0,
        "first impact": marks.t_imp,
        "detected": marks.t_det,
        "DNS changed": marks.t_auth,
        "declared": marks.t_decl,
        "restored": marks.t_rest,
    }
    return {label: (t - origin) / _SECOND for label, t in named.items() if t is not None}
