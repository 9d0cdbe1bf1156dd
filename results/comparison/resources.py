"""What was used, slice of time by slice of time: processor time, memory, traffic, from the samples of a run.

Counters (``cpu_s``, ``sent_bytes``) are read at the borders of the slices, linearly between two samples; one that fell began
anew with its process, so its value is what was added. Gauges (``rss_bytes``) are integrated by trapezoids. A service that was not
sampled for longer than `_GAP_NS` was not there, and used nothing meanwhile.

``rss_bytes`` counts pages that processes share once for each of them: good for comparing like with like, too much as a bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from results.comparison.intervals import Floats, Numbers
from results.evidence import Evidence

Who = Literal["services", "generator"]

_GAP_NS = 10_000_000_000
_SLICE_NS = 2_000_000_000  # the lab is sampled that often
_MOST_SLICES = 30
_GB = 1e9


@dataclass(frozen=True)
class Used:
    """One window of time, cut into slices of equal length. Every column has one number for each slice.

    uploads       acknowledged in it
    cpu_s         processor time in seconds
    memory_gb_s   memory held, in GB (10^9 bytes) times seconds
    out_gb        sent, in GB
    stored_gb     by how much what is stored grew, in GB

    A column that nobody sampled is None. `gap`: what keeps it from being compared, empty where nothing does.
    """

    uploads: Floats
    cpu_s: Floats | None
    memory_gb_s: Floats | None
    out_gb: Floats | None
    stored_gb: Floats | None
    gap: str = ""


def used(evidence: Evidence, who: Who, begin: int, end: int) -> Used:
    """What services (those of the target's sites) or the generator used in [begin, end), ns. Raises results.evidence.Unusable."""
    count = int(max(1, min(_MOST_SLICES, (end - begin) // _SLICE_NS)))
    edges = np.linspace(begin, end, count + 1)
    uploads = np.zeros(count)
    for number, acknowledged in evidence.rows(
        "SELECT least((t_ack - ?) * ? // ?, ?) AS slice, count(*) FROM operations WHERE t_ack >= ? AND t_ack < ? GROUP BY 1",
        *(begin, count, max(1, end - begin), count - 1, begin, end),
    ):
        uploads[int(number)] = acknowledged
    counted = _series(evidence, who, "cpu_s", begin, end)
    columns = {
        "cpu_s": _grown(counted, edges),
        "memory_gb_s": _integrated(_series(evidence, who, "rss_bytes", begin, end), edges, _GB * 1e9),
        "out_gb": _divided(_grown(_series(evidence, who, "sent_bytes", begin, end), edges), _GB),
        "stored_gb": _divided(_risen(_series(evidence, who, "stored_bytes", begin, end), edges), _GB),
    }
    return Used(uploads, **columns, gap=_longest_gap(counted, begin, end))


def _series(evidence: Evidence, who: Who, metric: str, begin: int, end: int) -> list[tuple[Numbers, Floats]]:
    """(times, values) of each subject, in order of time, from a little before the window to a little after it."""
    source = {"services": "lab", "generator": "loadtests"}[who]
    sites = {str(site["name"]) for site in evidence.environment.get("target", {}).get("sites", [])}
    found: dict[str, list[tuple[int, float]]] = {}
    for subject, t, value in evidence.rows(
        "SELECT CAST(subject AS VARCHAR), t, value FROM samples "
        "WHERE source = ? AND metric = ? AND t >= ? AND t <= ? ORDER BY 1, 2",
        *(source, metric, begin - _GAP_NS, end + _GAP_NS),
    ):
        if who == "generator" or subject.partition("/")[0] in sites:
            found.setdefault(subject, []).append((t, value))
    return [
        (np.array([t for t, _ in rows], np.int64), np.array([value for _, value in rows], np.float64))
        for rows in found.values()
    ]


def _grown(series: Iterable[tuple[Numbers, Floats]], edges: Floats) -> Floats | None:
    total = None
    for t, counter in series:
        steps = np.diff(counter)
        steps = np.where(steps < 0, counter[1:], steps)
        grown = np.interp(edges, t, np.concatenate(([0.0], np.cumsum(steps))))
        total = np.diff(grown) + (0 if total is None else total)
    return total


def _risen(series: Iterable[tuple[Numbers, Floats]], edges: Floats) -> Floats | None:
    total = None
    for t, gauge in series:
        total = np.diff(np.interp(edges, t, gauge)) + (0 if total is None else total)
    return total


def _integrated(series: Iterable[tuple[Numbers, Floats]], edges: Floats, unit: float) -> Floats | None:
    total = None
    for t, gauge in series:
        length = np.diff(t).astype(np.float64)
        pieces = np.where(length > _GAP_NS, 0.0, length * (gauge[1:] + gauge[:-1]) / 2)
        whole = np.interp(edges, t, np.concatenate(([0.0], np.cumsum(pieces))))
        total = np.diff(whole) / unit + (0 if total is None else total)
    return total


def _divided(column: Floats | None, by: float) -> Floats | None:
    return None if column is None else column / by


def _longest_gap(series: list[tuple[Numbers, Floats]], begin: int, end: int) -> str:
    """Whether there were samples all the time: what was not sampled was not measured."""
    if not series:
        return ""
    taken: npt.NDArray[np.int64] = np.unique(np.concatenate([t for t, _ in series]))
    longest = int(np.diff(np.concatenate(([begin], taken[(taken > begin) & (taken < end)], [end]))).max())
    return f"no sample of its use for {longest / 1e9:.0f} s" if longest > _GAP_NS else ""
