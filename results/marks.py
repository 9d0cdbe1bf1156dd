"""The time marks of a drill (definitions 6.1), from stored evidence alone. Times in ns; None: did not happen."""

from __future__ import annotations

from dataclasses import dataclass

from results.evidence import Evidence

MAIN, TOOLS = "main", "tools"  # clusters, as plans name them


@dataclass(frozen=True)
class Marks:
    """
    t_cmd    the fault was ordered            t0      it took effect: the witness's receipt
    t_lifted the fault was seen to be gone again, where the drill ends it itself
    t_imp    first reading that missed its deadline because of it: when that reading was intended, not before t0
    t_det    detected by the runbook          t_decl  declared done
    t_auth   every authoritative server answers the survivor's address
    t_rest   start of the first window of good service that then holds
    t_fb     the planned hand-over back to the site of the fault began
    observed_ns   until when readings were intended at the full rate and the survivor served: the end of the phase "recovered", or
                  of the last one before the drain; `t_fb` where the service was handed back
    """

    t_cmd: int | None = None
    t0: int | None = None
    t_lifted: int | None = None
    t_imp: int | None = None
    t_det: int | None = None
    t_auth: int | None = None
    t_decl: int | None = None
    t_rest: int | None = None
    t_fb: int | None = None
    observed_ns: int | None = None


def find_marks(evidence: Evidence) -> Marks:
    """All marks that the evidence has. Raises Unusable where the timeline or the plan cannot be read."""
    t_cmd = _first(evidence, "fault.command")
    receipts = [event for event in evidence.of_kind("fault.receipt") if event.data.get("effective") is True]
    t0 = receipts[0].t_ns if receipts else None
    cluster = evidence.plan.fault.takeover
    steps = {
        event.subject: event.t_ns
        for event in evidence.of_kind("takeover.step")
        if event.data.get("state") == "end" and event.data.get("cluster", MAIN) == cluster
    }
    t_fb = _first(evidence, "hand-over.command")
    observed = t_fb or _load_ended(evidence)
    if t0 is None:
        return Marks(t_cmd=t_cmd, observed_ns=observed)
    t_imp = _impact(evidence, t0)
    return Marks(
        t_cmd=t_cmd,
        t0=t0,
        t_lifted=_lifted(evidence, t0, observed),
        t_imp=t_imp,
        t_det=steps.get("detect"),
        t_auth=_authoritative(evidence, t0, observed),
        t_decl=steps.get("declare"),
        t_rest=_restored(evidence, t_imp, observed) if t_imp is not None and observed is not None else None,
        t_fb=t_fb,
        observed_ns=observed,
    )


def _first(evidence: Evidence, kind: str) -> int | None:
    return next((event.t_ns for event in evidence.of_kind(kind)), None)


def _load_ended(evidence: Evidence) -> int | None:
    """The last moment at which the load was still on: the end of the last phase before the drain."""
    ends = [e.t_ns for e in evidence.of_kind("phase") if e.data.get("state") == "end" and e.subject != "drain"]
    return max(ends, default=None)


def _lifted(evidence: Evidence, t0: int, observed: int | None) -> int | None:
    """Only while the load is on: what the rollback lifts belongs to the clean-up."""
    times = [
        e.t_ns for e in evidence.of_kind("fault.lifted") if e.t_ns > t0 and observed is not None and e.t_ns < observed
    ]
    return max(times, default=None)


def _authoritative(evidence: Evidence, t0: int, observed: int | None) -> int | None:
    """Not what the rollback changed, when nobody watched any more."""
    tools, target = evidence.plan.fault.takeover == TOOLS, evidence.environment["target"]
    survivor = evidence.address(evidence.plan.fault.survivor, tools=tools)
    record = (target.get("tools") or {}).get("record") if tools else target["zone"].get("record")
    servers = {each["name"] for each in target["zone"]["authoritative"]}
    switched: dict[str, int] = {}
    for event in evidence.of_kind("dns.authoritative"):
        # before there were two records, events named none
        of_record = event.data.get("name") in (record, None)
        in_time = event.t_ns >= t0 and (observed is None or event.t_ns <= observed)
        if of_record and event.data.get("answer") == survivor and in_time:
            switched.setdefault(event.subject, event.t_ns)
    return max(switched.values()) if servers and set(switched) >= servers else None


def _impact(evidence: Evidence, t0: int) -> int | None:
    deadline = int(evidence.plan.objectives.deadline_s * 1e9)
    (first,) = evidence.row(
        "SELECT min(t_intended) FROM operations WHERE t_intended + ? >= ? AND (t_ack IS NULL OR t_ack > t_intended + ?)",
        *(deadline, t0, deadline),
    )
    return None if first is None else max(int(first), t0)


def _restored(evidence: Evidence, t_imp: int, observed: int) -> int | None:
    """Definition 6.1, t_rest: windows begin at every second after t_imp; each must lie before the end of the load."""
    want = evidence.plan.objectives
    second = 1_000_000_000
    bins = evidence.rows(
        "SELECT (t_intended - ?) // ? AS second, count(*) FILTER (t_ack <= t_intended + ?), count(*) "
        "FROM operations WHERE t_intended >= ? AND t_intended < ? GROUP BY 1 ORDER BY 1",
        *(t_imp, second, int(want.deadline_s * 1e9), t_imp, observed),
    )
    length = (observed - t_imp) // second
    good, intended = [0] * length, [0] * length
    for number, acknowledged, total in bins:
        if number < length:
            good[number], intended[number] = acknowledged, total
    window, hold = max(1, round(want.restored_window_s)), round(want.restored_hold_s)
    fine = []
    for start in range(max(0, length - window + 1)):
        total = sum(intended[start : start + window])
        fine.append(total > 0 and sum(good[start : start + window]) >= want.good_ratio * total)
    # it must hold: every window that lies within H, and H within the observation
    windows = max(1, hold - window + 1)
    for start in range(len(fine)):
        if start + max(hold, window) <= length and all(fine[start : start + windows]):
            return t_imp + start * second
    return None
