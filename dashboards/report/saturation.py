"""Did the survivor cope: processor cores in use, queues of the senders, lag of the mirror. What nobody sampled is named."""

from __future__ import annotations

import numpy as np

from dashboards.report.model import Load, Saturation
from dashboards.report.part import NotThere
from results.evidence import Evidence

_SECOND = 1_000_000_000
_MOST_POINTS = 240
_BIN_S = 2  # the lab is sampled that often
Samples = dict[str, list[tuple[float, float]]]


def saturation(evidence: Evidence, origin: int) -> Saturation:
    """Raises NotThere where nothing of it was sampled, and Unusable."""
    places = [str(site["name"]) for site in evidence.environment.get("target", {}).get("sites", [])]
    used = _samples(evidence, "cpu_s", origin)
    cores: list[Load] = []
    for place in places:
        own = [rows for subject, rows in used.items() if subject.startswith(f"{place}/")]
        cores += [_load(place, _rate(own))] if own else []
    senders = [rows for subject, rows in used.items() if subject.startswith("sender")]
    cores += [_load("generator", _rate(senders))] if senders else []
    queue = [
        _load(metric, _summed(list(found.values())))
        for metric in ("queued", "in_flight")
        if (found := _samples(evidence, metric, origin))
    ]
    lag = [_load(site, rows) for site, rows in _samples(evidence, "replication_lag_s", origin).items()]
    if not (cores or queue or lag):
        raise NotThere("evidence", "samples.parquet: no use of processors, no queue, no lag of a mirror")
    machine = evidence.environment.get("machine", {}).get("cores")
    parts = {"cores": cores, "queue": queue, "lag": lag, "pool": _samples(evidence, "pool_in_use", origin)}
    return Saturation(
        machine_cores=machine if isinstance(machine, int) else None,
        cores=cores,
        queue=queue,
        lag=lag,
        absent=[name for name, found in parts.items() if not found],
    )


def _samples(evidence: Evidence, metric: str, origin: int) -> Samples:
    found: Samples = {}
    for subject, t, value in evidence.rows(
        "SELECT CAST(subject AS VARCHAR), t, value FROM samples "
        "WHERE metric = ? AND source IN ('lab', 'loadtests') ORDER BY 1, 2",
        metric,
    ):
        found.setdefault(subject, []).append(((t - origin) / _SECOND, value))
    return found


def _rate(counters: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Growth per second of counters together; one that fell began anew with its process."""
    begin, end = min(rows[0][0] for rows in counters), max(rows[-1][0] for rows in counters)
    if end - begin < _BIN_S:
        return []
    edges = np.arange(begin, end + 1e-9, _BIN_S)
    total = np.zeros(len(edges) - 1)
    for rows in counters:
        t, value = (np.array(column) for column in zip(*rows, strict=True))
        steps = np.diff(value)
        grown = np.concatenate(([0.0], np.cumsum(np.where(steps < 0, value[1:], steps))))
        total += np.diff(np.interp(edges, t, grown)) / _BIN_S
    return [(round(float(t), 2), round(float(rate), 3)) for t, rate in zip(edges[1:], total, strict=True)]


def _summed(gauges: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Gauges of several senders together, at the times of the first."""
    times = np.array([t for t, _ in gauges[0]])
    total = np.zeros(len(times))
    for rows in gauges:
        t, value = (np.array(column) for column in zip(*rows, strict=True))
        total += np.interp(times, t, value)
    return [(round(float(t), 2), round(float(value), 3)) for t, value in zip(times, total, strict=True)]


def _load(name: str, points: list[tuple[float, float]]) -> Load:
    """Not more points than can be shown: of each group the highest."""
    step = max(1, -(-len(points) // _MOST_POINTS))
    shown = [max(points[at : at + step], key=lambda each: each[1]) for at in range(0, len(points), step)]
    rounded = [(round(t, 2), round(value, 4)) for t, value in shown]
    return Load(name=name, points=rounded, peak=max((value for _, value in rounded), default=0.0))
