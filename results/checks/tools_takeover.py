"""When what watches was away: how soon is telemetry taken again, and what of it is lost, kept back, stored twice?

Away with its site, then the survivor must take it (times since t0); or by itself, then it is back when the fault is lifted
(times since then).

The app's reports to Matomo are numbered, and each bulk that was acknowledged is a promise: what the survivor holds at the end is
held against it. Telemetry is replicated asynchronously, so some loss is allowed; it is counted, never overlooked.
"""

from __future__ import annotations

from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict
from results.marks import TOOLS, Marks

NAME = "tools-takeover"
_SECOND = 1_000_000_000

# every acknowledged event, and every stored one with its number
_ACKNOWLEDGED = (
    "(SELECT DISTINCT worker, unnest(range(first, first + count)) AS n FROM usage WHERE outcome = 'ok' AND t_done < ?)"
)
_STORED = (
    "(SELECT CAST(regexp_extract(text, 'dimension1=[0-9a-z]+-(\\d+)-(\\d+)', 1) AS INTEGER) AS worker, "
    "CAST(regexp_extract(text, 'dimension1=[0-9a-z]+-(\\d+)-(\\d+)', 2) AS BIGINT) AS n, count(*) AS times FROM telemetry "
    "WHERE sink = 'matomo' AND site = ? AND regexp_matches(text, 'dimension1=[0-9a-z]+-\\d+-\\d+') GROUP BY 1, 2)"
)


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          Matomo and Sentry took telemetry again within the objective, and no more of what had been acknowledged is
                  missing there than the objective allows
    fail          they did not, or later, or more is missing
    inconclusive  no fault, no report was acknowledged before it, or nobody read what is held in the end

    measured: matomo_back_s, sentry_back_s (first telemetry taken again), dns_s (t_auth since t0),
              acknowledged, lost, lost_ratio, duplicated (events; delivery is at least once), recovered (sent again after the
              loss and acknowledged), check_in_gap_s (longest time without a check-in of the surviving monitors)
    """
    want, fault = evidence.plan.objectives, evidence.plan.fault
    holder = fault.survivor if fault.takeover == TOOLS else fault.site
    objective: dict[str, Value] = {"tools_rto_s": want.tools_rto_s, "lost_ratio": want.telemetry_lost}
    if marks.t0 is None or marks.observed_ns is None:
        return Finding(
            NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nothing had to be taken over", {}, objective
        )
    (before,) = evidence.row("SELECT count(*) FROM usage WHERE outcome = 'ok' AND t_done < ?", marks.t0)
    if not before:
        why = "no report of the app was acknowledged before the fault, so nothing could be lost"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, {}, objective)
    since = marks.t0 if marks.t_lifted is None else marks.t_lifted
    measured: dict[str, Value] = {
        "matomo_back_s": _back_s(evidence, since, holder),
        "sentry_back_s": _sentry_back_s(evidence, since, holder),
        "dns_s": None if marks.t_auth is None else round((marks.t_auth - marks.t0) / _SECOND, 3),
    }
    late = [
        f"{tool} took no telemetry again at {holder}" if seconds is None else f"{tool} after {seconds:.0f} s"
        for tool, seconds in (("Matomo", measured["matomo_back_s"]), ("Sentry", measured["sentry_back_s"]))
        if not isinstance(seconds, float) or seconds > want.tools_rto_s
    ]
    if late:
        why = f"telemetry was not taken again in time: {', '.join(late)} (objective {want.tools_rto_s:g} s)"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    measured |= _accounts(evidence, marks.t0, holder)
    measured["check_in_gap_s"] = _check_in_gap_s(evidence, marks.t0, holder)
    ratio = measured["lost_ratio"]
    why = (
        f"telemetry was taken again after {measured['matomo_back_s']} s (Matomo) and {measured['sentry_back_s']} s (Sentry); "
        f"{measured['lost']} of {measured['acknowledged']} acknowledged reports lost, {measured['recovered']} sent again"
    )
    verdict = Verdict.FAIL if isinstance(ratio, float) and ratio > want.telemetry_lost else Verdict.PASS
    return Finding(NAME, verdict, why, measured, objective)


def _back_s(evidence: Evidence, since: int, holder: str) -> float | None:
    (first,) = evidence.row(
        "SELECT min(t_done) FROM usage WHERE outcome = 'ok' AND site = ? AND t_done > ?", holder, since
    )
    return None if first is None else round((first - since) / _SECOND, 3)


def _sentry_back_s(evidence: Evidence, since: int, holder: str) -> float | None:
    (read,) = evidence.row("SELECT count(*) FROM telemetry WHERE sink = 'sentry' AND site = ?", holder)
    if not read and _back_s(evidence, since, holder) is not None:
        raise Unusable(f"telemetry: nobody read what Sentry holds at {holder}")
    (first,) = evidence.row("SELECT min(t) FROM telemetry WHERE sink = 'sentry' AND site = ? AND t > ?", holder, since)
    return None if first is None else round((first - since) / _SECOND, 3)


def _accounts(evidence: Evidence, since: int, holder: str) -> dict[str, Value]:
    (stored,) = evidence.row(f"SELECT count(*) FROM {_STORED}", holder)
    if not stored:
        raise Unusable(f"telemetry: nobody read what Matomo holds at {holder}")
    acknowledged, lost = evidence.row(
        f"SELECT count(*), count(*) FILTER (s.n IS NULL) FROM {_ACKNOWLEDGED} a "
        f"LEFT JOIN {_STORED} s ON s.worker = a.worker AND s.n = a.n",
        *(2**62, holder),
    )
    (duplicated,) = evidence.row(f"SELECT count(*) FROM {_STORED} WHERE times > 1", holder)
    (recovered,) = evidence.row(
        "SELECT coalesce(sum(count), 0)::BIGINT FROM usage u WHERE outcome = 'ok' AND t_done > ? AND EXISTS ("
        "SELECT 1 FROM usage f WHERE f.worker = u.worker AND f.first = u.first AND f.outcome <> 'ok' AND f.t_done > ?)",
        *(since, since),
    )
    return {
        "acknowledged": acknowledged,
        "lost": lost,
        "lost_ratio": round(lost / acknowledged, 6),
        "duplicated": duplicated,
        "recovered": recovered,
    }


def _check_in_gap_s(evidence: Evidence, since: int, holder: str) -> float | None:
    """Of the monitors that stand at the holder; by the time at which Sentry received them."""
    (gap,) = evidence.row(
        "SELECT max(gap) FROM (SELECT t, t - lag(t) OVER (ORDER BY t) AS gap FROM telemetry WHERE sink = 'sentry' AND site = ? "
        "AND kind = 'check_in' AND text LIKE ?) WHERE t > ?",
        *(holder, f"%monitors-{holder}%", since),
    )
    return None if gap is None else round(gap / _SECOND, 3)
