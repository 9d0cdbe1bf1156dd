"""Everybody loses the connection at once: do they come back soon, and without trampling each other?"""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "reconnection"
_LEAST = 100
_SECOND = 1_000_000_000


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          95 % of those who kept a connection have one again in time, and no second took more new connections than the
                  objective's factor times the usual
    fail          one of these is not so
    inconclusive  no fault, or too few kept a connection before it

    measured: keepers (patients who had used a connection that they keep within two of their periods before t0), back, t95_s
              (since t0; None: later than observed), usual_per_s (new connections in the median second before), peak_per_s
              (in the greatest second after), factor
    """
    want = evidence.plan.objectives
    objective: dict[str, Value] = {"t95_s": want.reconnection_t95_s, "factor": want.reconnection_factor}
    minimum: dict[str, Value] = {"keepers": _LEAST}
    classes = {each.name: each.period_s or 60.0 for each in evidence.plan.load.classes if each.keep_alive}
    if marks.t0 is None or marks.observed_ns is None:
        return Finding(
            NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nobody had to come back", {}, objective, minimum
        )
    begin, _ = evidence.phase("steady")
    keepers, back, t95 = _keepers(evidence, classes, marks.t0, marks.observed_ns) if classes else (0, 0, None)
    usual, peak = _new_connections(evidence, begin, marks.t0, marks.observed_ns)
    factor = round(peak / usual, 2) if usual else None
    measured: dict[str, Value] = {
        "keepers": keepers,
        "back": back,
        "t95_s": None if t95 is None else round((t95 - marks.t0) / _SECOND, 3),
        "usual_per_s": usual,
        "peak_per_s": peak,
        "factor": factor,
    }
    if keepers < _LEAST or factor is None:
        why = f"only {keepers} patients kept a connection before the fault (at least {_LEAST})"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective, minimum)
    wrong = []
    if t95 is None or (t95 - marks.t0) / _SECOND > want.reconnection_t95_s:
        shown = "never" if t95 is None else f"after {(t95 - marks.t0) / _SECOND:.1f} s"
        wrong.append(f"95 % of {keepers} had a connection again {shown} (objective {want.reconnection_t95_s:g} s)")
    if factor > want.reconnection_factor:
        wrong.append(
            f"{peak} new connections in one second, {factor:g} times the usual (limit {want.reconnection_factor:g})"
        )
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured, objective, minimum)
    crowd = f"at most {peak} new ones a second ({factor:g} times the usual)"
    why = f"95 % of {keepers} had a connection again after {measured['t95_s']} s; {crowd}"
    return Finding(NAME, Verdict.PASS, why, measured, objective, minimum)


def _keepers(evidence: Evidence, classes: dict[str, float], t0: int, until: int) -> tuple[int, int, int | None]:
    """Patients who kept a connection, those of them who had a new one afterwards, and when 95 % of them had."""
    each = " UNION ALL ".join(
        "SELECT DISTINCT patient FROM attempts WHERE client = ? AND outcome = 'ok' AND t_done BETWEEN ? AND ?"
        for _ in classes
    )
    parameters = [value for name, period in classes.items() for value in (name, t0 - int(2 * period * _SECOND), t0)]
    times = [
        at
        for (at,) in evidence.rows(
            f"SELECT min(a.t_done) FROM ({each}) k LEFT JOIN attempts a ON a.patient = k.patient AND a.outcome = 'ok' "
            "AND a.connection = 'new' AND a.t_done > ? AND a.t_done < ? GROUP BY k.patient",
            *(*parameters, t0, until),
        )
    ]
    came = sorted(at for at in times if at is not None)
    rank = -(-95 * len(times) // 100)
    return len(times), len(came), came[rank - 1] if times and len(came) >= rank else None


def _new_connections(evidence: Evidence, begin: int, t0: int, until: int) -> tuple[float, int]:
    """In the median second before the fault, and in the greatest one after it."""
    before = (t0 - begin) // _SECOND
    first = t0 - before * _SECOND  # whole seconds from here on, none of them negative: division rounds towards zero
    counts = evidence.rows(
        "SELECT (t_connected - ?) // ?, count(*) FROM attempts WHERE connection = 'new' AND t_connected >= ? "
        "AND t_connected < ? GROUP BY 1 ORDER BY 1",
        *(first, _SECOND, first, until),
    )
    by_second = {int(second): int(count) for second, count in counts}
    usual = sorted(by_second.get(second, 0) for second in range(before))
    after = [count for second, count in by_second.items() if second >= before]
    return (float(usual[len(usual) // 2]) if usual else 0.0), max(after, default=0)
