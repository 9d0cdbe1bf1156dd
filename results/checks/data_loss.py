"""Is every acknowledged reading still there? The ledger of acknowledgements against the final reads (definitions 5.5, 5.6)."""

from __future__ import annotations

from results.checks.reads import authoritative_read, reads
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.identity import MONITOR_PATIENTS
from results.marks import Marks
from results.workers import clock_error, lost_senders, named, without_history

NAME = "data-loss"
_SECOND = 1_000_000_000
_LEAST_WINDOW_S = 5.0
_MOST_INFO_AT_RISK = 0.5

# what was on its way when the fault came was promised before it: only a request sent afterwards shows who goes on acknowledging
_SENT_AFTER = (
    "AND EXISTS (SELECT 1 FROM attempts a WHERE a.op = o.op AND a.outcome = 'ok' AND a.t_done = o.t_ack "
    "AND coalesce(a.t_sent, a.t_dispatched) > ?)"
)
_LOST = "FROM operations o WHERE outcome = 'ok' AND NOT EXISTS (SELECT 1 FROM readback r WHERE r.op = o.op AND r.path = 'public')"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          nothing acknowledged is missing, nothing refused or foreign has appeared, and enough was at risk
    fail          lost above the objective, RPO above the objective, resurrected, unexpected, or lost after the fault
    inconclusive  no complete final read, no fault, too few acknowledgements at risk, too many uploads nobody knows about, or a
                  sender of which evidence is missing: what its patients were acknowledged, nobody knows

    measured: acknowledged, lost, stranded (on the lost site's volume only), destroyed (nowhere),
              lost_after_fault (sent and acknowledged after the fault), recovered (info, and there),
              resurrected (refused, and there), unexpected (there, and never attempted),
              rpo_s, rpo_records, rpo_patients, rpo_clinical (by signal), resolution_s, upper_bound (3/n, 95 %),
              at_risk, at_risk_window_s, info_at_risk, info_outside
    """
    want = evidence.plan.objectives
    authoritative_read(evidence)
    lost_of = lost_senders(evidence)
    found = _against_the_read(evidence)
    acknowledged, kept = found.get("ok", (0, 0))
    lost = acknowledged - kept
    patients, first_lost, clinical = _lost(evidence) if lost else (0, None, {})
    measured: dict[str, Value] = {
        "acknowledged": acknowledged,
        "lost": lost,
        "rpo_records": lost,
        "rpo_patients": patients,
    }
    measured["rpo_clinical"] = clinical
    measured |= _where_lost(evidence, lost)
    measured["recovered"] = found.get("info", (0, 0))[1]
    resurrected = measured["resurrected"] = found.get("fail", (0, 0))[1]
    unexpected = measured["unexpected"] = evidence.row(
        "SELECT count(*) FROM readback r WHERE path = 'public' AND (patient IS NULL OR patient < ?) AND "
        "(op IS NULL OR NOT EXISTS (SELECT 1 FROM operations o WHERE o.op = r.op AND o.attempts > 0)) "
        # somebody sent these: the history that would say so is lost
        f"AND NOT (op IS NOT NULL AND {without_history(lost_of)})",
        MONITOR_PATIENTS,
    )[0]
    objective: dict[str, Value] = {"lost": want.lost, "rpo_s": want.rpo_s}
    minimum: dict[str, Value] = {"at_risk": want.at_risk_writes}
    after = 0
    rpo_s = 0.0
    if marks.t0 is not None:
        if lost:
            (after,) = evidence.row(f"SELECT count(*) {_LOST} {_SENT_AFTER}", marks.t0)
        if first_lost is not None and first_lost <= marks.t0:
            rpo_s = (marks.t0 - first_lost) / 1e9
        measured |= _at_risk(evidence, marks.t0)
    measured |= {"lost_after_fault": after, "rpo_s": round(rpo_s, 3)}

    wrong = []
    if lost > want.lost:
        when = f", first {rpo_s:.1f} s before the fault" if rpo_s else ""
        wrong.append(f"{lost} of {acknowledged} acknowledged uploads missing (limit {want.lost}){when}")
    error = clock_error(evidence)
    # an objective of 0 s is missed by anything lost, whatever the clocks say
    beyond = rpo_s - error.ns / 1e9 if want.rpo_s else rpo_s
    if beyond > want.rpo_s:
        wrong.append(f"RPO {rpo_s:.2f} s{error} (objective {want.rpo_s:g} s)")
    if after:
        wrong.append(f"{after} sent and acknowledged after the fault, and lost")
    if resurrected:
        wrong.append(f"{resurrected} refused uploads were stored all the same")
    if unexpected:
        wrong.append(f"{unexpected} rows that nobody sent")
    if wrong:
        return Finding(NAME, Verdict.FAIL, "data loss: " + "; ".join(wrong), measured, objective, minimum)
    doubts = _doubts(evidence, marks, measured, acknowledged)
    doubts += [f"{named(lost_of)}: what its patients were acknowledged is not known"] if lost_of else []
    if rpo_s + error.ns / 1e9 > want.rpo_s and lost:
        doubts.append(f"RPO {rpo_s:.2f} s{error} (objective {want.rpo_s:g} s): the clocks cannot tell")
    if doubts:
        return Finding(NAME, Verdict.INCONCLUSIVE, "; ".join(doubts), measured, objective, minimum)
    at_risk = measured["at_risk"]
    why = (
        f"RPO = 0 s: 0 of {at_risk} at-risk uploads lost; resolution {measured['resolution_s']} s; "
        f"95 % upper bound {float(measured['upper_bound'] or 0):.3%} (rule of three)"  # type: ignore[arg-type] # a number
    )
    return Finding(NAME, Verdict.PASS, why, measured, objective, minimum)


def _against_the_read(evidence: Evidence) -> dict[str, tuple[int, int]]:
    """Outcome -> (readings with it, of these in the final read)."""
    rows = evidence.rows(
        "SELECT outcome, count(*), count(r.op) FROM operations o LEFT JOIN "
        "(SELECT DISTINCT op FROM readback WHERE path = 'public' AND op IS NOT NULL) r ON o.op = r.op GROUP BY 1"
    )
    return {str(outcome): (int(total), int(present)) for outcome, total, present in rows}


def _lost(evidence: Evidence) -> tuple[int, int, dict[str, Value]]:
    """Patients who lost something, the earliest acknowledgement of it, lost readings by signal."""
    patients, first = evidence.row(f"SELECT count(DISTINCT patient), min(t_ack) {_LOST}")
    clinical = evidence.rows(f"SELECT signal, count(*) {_LOST} GROUP BY 1 ORDER BY 1")
    return int(patients), int(first), {str(name): int(count) for name, count in clinical}


def _where_lost(evidence: Evidence, lost: int) -> dict[str, Value]:
    """Stranded and destroyed are known only where the lost site's volume was read."""
    if not any(read.path == "volume" and read.complete for read in reads(evidence)):
        return {"stranded": None, "destroyed": None}
    if not lost:
        return {"stranded": 0, "destroyed": 0}
    (stranded,) = evidence.row(
        f"SELECT count(*) {_LOST} AND EXISTS (SELECT 1 FROM readback v WHERE v.op = o.op AND v.path = 'volume')"
    )
    return {"stranded": stranded, "destroyed": lost - stranded}


def _at_risk(evidence: Evidence, t0: int) -> dict[str, Value]:
    """Definitions 5.6: [t0 - max(2 x replication lag p99, 5 s), t0 + time to fence]."""
    (lag_s,) = evidence.row(
        "SELECT quantile_cont(value, 0.99) FROM samples WHERE metric = 'replication_lag_s' AND t < ?", t0
    )
    window_s = max(2 * (lag_s or 0.0), _LEAST_WINDOW_S)
    fenced = [
        e.t_ns for e in evidence.of_kind("takeover.step") if e.subject == "fence" and e.data.get("state") == "end"
    ]
    begin, end = t0 - int(window_s * _SECOND), (fenced[0] if fenced else t0)
    at_risk, last, gap = evidence.row(
        "SELECT count(*), max(t_ack) FILTER (t_ack <= ?), max(gap) FILTER (t_ack <= ?) FROM "
        "(SELECT t_ack, t_ack - lag(t_ack) OVER (ORDER BY t_ack) AS gap FROM operations WHERE t_ack BETWEEN ? AND ?)",
        *(t0, t0, begin, end),
    )
    info, total = evidence.row(
        "SELECT count(*) FILTER (outcome = 'info'), count(*) FROM operations WHERE t_first BETWEEN ? AND ?", begin, end
    )
    outside, all_outside = evidence.row(
        "SELECT count(*) FILTER (outcome = 'info'), count(*) FROM attempts WHERE t_done < ?", begin
    )
    return {
        "at_risk": at_risk,
        "at_risk_window_s": round((end - begin) / 1e9, 3),
        "replication_lag_p99_s": round(lag_s, 4) if lag_s is not None else None,
        "resolution_s": round(max(gap or 0, t0 - last) / 1e9, 3) if last else None,
        "upper_bound": round(3 / at_risk, 6) if at_risk else None,
        "info_at_risk": round(info / total, 4) if total else None,
        "info_outside": round(outside / all_outside, 6) if all_outside else None,
    }


def _doubts(evidence: Evidence, marks: Marks, measured: dict[str, Value], acknowledged: int) -> list[str]:
    want = evidence.plan.objectives
    if not acknowledged:
        return ["nothing was acknowledged, so nothing could be lost"]
    if marks.t0 is None:
        return ["no fault took effect, so nothing was at risk"]
    doubts = []
    at_risk, info, outside = (measured.get(name) for name in ("at_risk", "info_at_risk", "info_outside"))
    if isinstance(at_risk, int) and at_risk < want.at_risk_writes:
        doubts.append(f"{at_risk} acknowledged uploads were at risk (at least {want.at_risk_writes} needed)")
    if isinstance(info, float) and info > _MOST_INFO_AT_RISK:
        doubts.append(f"nobody knows the end of {info:.0%} of the uploads at risk (limit {_MOST_INFO_AT_RISK:.0%})")
    if isinstance(outside, float) and outside > want.info_ratio_outside:
        doubts.append(
            f"nobody knows the end of {outside:.2%} of the attempts before the fault (limit {want.info_ratio_outside:.2%})"
        )
    return doubts
