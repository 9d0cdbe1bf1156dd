"""Phones that had no network come back with everything they kept: does it all arrive, in order, and at nobody else's cost?"""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "backlog"
_LEAST = 100
_SECOND = 1_000_000_000


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          95 % of the backlog arrived in time, all of it did by the end, in each patient's own order, nothing of it is
                  missing in the final read, and everybody else's readings were as quick as ever meanwhile
    fail          one of these is not so
    inconclusive  no class of clients was offline, or too few readings were kept or due meanwhile

    measured: kept (readings intended without a network), arrived, lost (acknowledged and not in the final read), t95_s (from the
              return of the class), out_of_order (arrived before an earlier one of the same patient), live (readings of
              others from the return until 95 % had arrived), live_ms (their quantiles)
    """
    want = evidence.plan.objectives
    objective: dict[str, Value] = {"backlog_t95_s": want.backlog_t95_s, "latency_ms": dict(want.latency_ms)}
    minimum: dict[str, Value] = {"kept": _LEAST, "live": _LEAST}
    offline = {each.name: each.offline_s for each in evidence.plan.load.classes if each.offline_s}
    if not offline:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no class of clients was without a network", {}, objective, minimum)
    names = ", ".join("?" for _ in offline)
    begun = _load_began(evidence)
    back = begun + int(max(offline.values()) * _SECOND)
    mine = f"client IN ({names}) AND t_intended < ?"
    kept, arrived, out_of_order = evidence.row(
        f"SELECT count(*), count(t_ack), count(*) FILTER (t_ack < before) FROM (SELECT t_ack, max(t_ack) OVER ("
        f"PARTITION BY patient ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before "
        f"FROM operations WHERE {mine})",
        *(*offline, back),
    )
    (lost,) = evidence.row(
        f"SELECT count(*) FROM operations o WHERE outcome = 'ok' AND {mine} AND NOT EXISTS "
        "(SELECT 1 FROM readback r WHERE r.op = o.op AND r.path = 'public')",
        *(*offline, back),
    )
    measured: dict[str, Value] = {"kept": kept, "arrived": arrived, "lost": lost, "out_of_order": out_of_order}
    if kept < _LEAST:
        return Finding(
            NAME,
            Verdict.INCONCLUSIVE,
            f"only {kept} readings were kept (at least {_LEAST})",
            measured,
            objective,
            minimum,
        )
    t95 = _t95(evidence, mine, (*offline, back), kept, arrived)
    measured["t95_s"] = None if t95 is None else round((t95 - back) / _SECOND, 3)
    until = t95 or marks.observed_ns or back
    live, slow = _live(evidence, names, tuple(offline), back, until, measured)
    wrong = [
        f"{number} {words}"
        for number, words in (
            (kept - arrived, "readings of the backlog never arrived"),
            (lost, "acknowledged readings of it are missing in the final read"),
            (out_of_order, "arrived before an earlier one of the same patient"),
        )
        if number
    ]
    if t95 is not None and (t95 - back) / _SECOND > want.backlog_t95_s:
        wrong.append(f"95 % arrived after {(t95 - back) / _SECOND:.1f} s (objective {want.backlog_t95_s:g} s)")
    wrong += slow
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured, objective, minimum)
    if live < _LEAST:
        why = f"only {live} readings of others were due meanwhile (at least {_LEAST})"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective, minimum)
    why = f"{kept} readings that were kept arrived in order, 95 % after {measured['t95_s']} s; {live} of others as quick as ever"
    return Finding(NAME, Verdict.PASS, why, measured, objective, minimum)


def _load_began(evidence: Evidence) -> int:
    """The beginning of the schedule, which `offline_s` counts from, as the generator says it. Raises Unusable."""
    return min(int(event.data["start_ns"]) for event in evidence.of_kind("generator") if "start_ns" in event.data)


def _t95(evidence: Evidence, mine: str, parameters: tuple[object, ...], kept: int, arrived: int) -> int | None:
    """When 95 % of them had arrived; None: never."""
    rank = -(-95 * kept // 100)
    if arrived < rank:
        return None
    (at,) = evidence.row(
        f"SELECT t_ack FROM operations WHERE t_ack IS NOT NULL AND {mine} ORDER BY t_ack LIMIT 1 OFFSET ?",
        *parameters,
        rank - 1,
    )
    return int(at)


def _live(
    evidence: Evidence, names: str, offline: tuple[str, ...], begin: int, end: int, measured: dict[str, Value]
) -> tuple[int, list[str]]:
    """How many readings of others, and which of their quantiles were above their objectives."""
    want = evidence.plan.objectives.latency_ms
    shares = [float(name.removeprefix("p")) / 100 for name in want]
    live, *_ = evidence.row(
        f"SELECT count(*) FROM operations WHERE client NOT IN ({names}) AND t_intended >= ? AND t_intended < ?",
        *(*offline, begin, end),
    )
    (values,) = evidence.row(
        f"SELECT quantile_disc(coalesce(t_ack - t_intended, 9e18::BIGINT), {shares}) FROM operations "
        f"WHERE client NOT IN ({names}) AND t_intended >= ? AND t_intended < ?",
        *(*offline, begin, end),
    )
    found = {name: value / 1e6 for name, value in zip(want, values or [], strict=False)}
    measured |= {"live": live, "live_ms": {name: round(value, 2) for name, value in found.items()}}
    slow = [
        f"others' {name} was {value:.0f} ms meanwhile (objective {want[name]:g} ms)"
        for name, value in found.items()
        if value > want[name]
    ]
    return int(live), slow
