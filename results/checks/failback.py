"""Did the way home cost anybody anything? The lost site returned as a mirror, and was handed the service back (F4, F5)."""

from __future__ import annotations

from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict
from results.marks import MAIN, Marks

NAME = "failback"
_LEAST = 100


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          a mirror again in time, handed over in time and declared, every authoritative server answers the old address,
                  everything after the declaration is acknowledged at home by servers with the right time, and as good as no
                  reading was late
    fail          one of these is not so, or a step of the hand-over failed
    inconclusive  the site never returned, it was never handed back, nobody looked at its clock, or too few readings to say

    measured: rejoin_s (begin of the return - commits wait for the mirror again), hand_over_s (order - declaration),
              unserved_s (longest time without an acknowledgement from the order to the end of the load), readings (intended in
              that time, less the deadline), late, late_ratio, t_auth_s (since the order), elsewhere (acknowledged by the survivor
              after the declaration), clock_s (how far the clock of its servers was ahead after the hand-over)
    """
    want = evidence.plan.objectives
    objective: dict[str, Value] = {
        "rejoin_s": want.rejoin_s,
        "unserved_s": want.hand_over_s,
        "late_ratio": want.hand_over_late_ratio,
        "clock_s": want.clock_s,
    }
    minimum: dict[str, Value] = {"readings": _LEAST}
    returning, _ = evidence.phase("return")
    mirrored = next((event.t_ns for event in evidence.of_kind("mirror")), None)
    if mirrored is None:
        why = "the lost site was no mirror again within the drill's patience"
        return Finding(NAME, Verdict.FAIL, why, {"rejoin_s": None}, objective, minimum)
    rejoined_s = _seconds(returning, mirrored)
    measured: dict[str, Value] = {"rejoin_s": rejoined_s}
    if marks.t_fb is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the service was never handed back", measured, objective, minimum)
    steps = _steps(evidence)
    if failed := [f"{name}: {why}" for name, (_, why) in steps.items() if why]:
        return Finding(NAME, Verdict.FAIL, f"hand-over failed at {failed[0]}", measured, objective, minimum)
    if "declare" not in steps:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the hand-over was not seen to end", measured, objective, minimum)
    _, end = evidence.phase("home")
    handed_over_s = _seconds(marks.t_fb, steps["declare"][0])
    unserved_s, readings, late = _served(evidence, marks.t_fb, end)
    if readings < _LEAST:
        raise Unusable(f"only {readings} readings during the hand-over (at least {_LEAST})")
    t_auth_s, elsewhere = _switched_s(evidence, marks.t_fb), _elsewhere(evidence, steps["declare"][0])
    measured |= {"hand_over_s": handed_over_s, "unserved_s": unserved_s, "readings": readings, "late": late}
    clock_s = _clock_s(evidence, marks.t_fb)
    measured |= {"late_ratio": round(late / readings, 6), "t_auth_s": t_auth_s, "elsewhere": elsewhere}
    measured["clock_s"] = clock_s
    fault = evidence.plan.fault
    wrong = [
        f"{words} {found:g} (objective {limit:g})"
        for found, limit, words in (
            (rejoined_s, want.rejoin_s, "seconds until it was a mirror:"),
            (unserved_s, want.hand_over_s, "seconds without an acknowledgement:"),
            (late / readings, want.hand_over_late_ratio, "share of late readings:"),
            (abs(clock_s), want.clock_s, f"seconds that the clock of {fault.site} is off:"),
        )
        if found > limit
    ]
    if t_auth_s is None:
        wrong.append("the authoritative servers did not all answer the old address again")
    if elsewhere:
        wrong.append(f"{elsewhere} uploads acknowledged by {fault.survivor} after the declaration")
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured, objective, minimum)
    why = (
        f"{fault.site} a mirror after {rejoined_s:.1f} s, handed back in {handed_over_s:.1f} s: {unserved_s:.1f} s without an "
        f"acknowledgement (objective {want.hand_over_s:g} s), {late} of {readings} readings late"
    )
    return Finding(NAME, Verdict.PASS, why, measured, objective, minimum)


def _seconds(begin: int, end: int) -> float:
    return round((end - begin) / 1e9, 3)


def _steps(evidence: Evidence) -> dict[str, tuple[int, str]]:
    """Steps of the hand-over that ended: when, and why it failed (empty: it did not)."""
    return {
        event.subject: (event.t_ns, str(event.data.get("why", "")) if event.data["state"] == "failed" else "")
        for event in evidence.of_kind("hand-over.step")
        if event.data.get("state") in ("end", "failed") and event.data.get("cluster", MAIN) == MAIN
    }


def _served(evidence: Evidence, begin: int, end: int) -> tuple[float, int, int]:
    """Longest time without an acknowledgement; readings that were intended early enough to be judged, and late ones."""
    deadline = int(evidence.plan.objectives.deadline_s * 1e9)
    (longest,) = evidence.row(
        "SELECT max(next - t) FROM (SELECT t, lead(t, 1, ?) OVER (ORDER BY t) AS next FROM (SELECT ? AS t UNION ALL "
        "SELECT t_done FROM attempts WHERE outcome = 'ok' AND t_done BETWEEN ? AND ?))",
        *(end, begin, begin, end),
    )
    readings, late = evidence.row(
        "SELECT count(*), count(*) FILTER (t_ack IS NULL OR t_ack > t_intended + ?) FROM operations "
        "WHERE t_intended >= ? AND t_intended < ?",
        *(deadline, begin, end - deadline),
    )
    return round(longest / 1e9, 3), int(readings), int(late)


def _switched_s(evidence: Evidence, begin: int) -> float | None:
    home, target = evidence.address(evidence.plan.fault.site), evidence.environment["target"]
    servers = {each["name"] for each in target["zone"]["authoritative"]}
    record = target["zone"].get("record")
    if not servers:
        raise Unusable("environment.json: no authoritative server")
    switched: dict[str, int] = {}
    for event in evidence.of_kind("dns.authoritative"):
        of_record = event.data.get("name") in (record, None)
        if of_record and event.data.get("answer") == home and event.t_ns >= begin:
            switched.setdefault(event.subject, event.t_ns)
    return _seconds(begin, max(switched.values())) if set(switched) >= servers else None


def _clock_s(evidence: Evidence, begin: int) -> float:
    shown = [event for event in evidence.of_kind("clock") if event.t_ns >= begin]
    if not shown:
        raise Unusable(f"timeline: nobody looked at the clock of {evidence.plan.fault.site} after the hand-over")
    return float(shown[-1].data["ahead_s"])


def _elsewhere(evidence: Evidence, declared: int) -> int:
    (many,) = evidence.row(
        "SELECT count(*) FROM attempts WHERE outcome = 'ok' AND site = ? AND t_done > ?",
        *(evidence.plan.fault.survivor, declared),
    )
    return int(many)
