"""What the monitors did, for the checks about them: their looks, their alarms, and which of them should have seen the fault."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from results.evidence import Evidence, Unusable
from results.marks import Marks

# what they see stays broken as long as a site (or its monitors) is lost, also when the service is long back
OF_THE_LOST = frozenset({"peer", "replication", "sentry-checkins"})
# they read the tools cluster: without it they are blind, not silent
READERS_OF_TOOLS = frozenset(
    {"sentry-issues", "sentry-checkins", "matomo-activity", "prometheus-alerts", "replication", "deployment"}
)
# shown by the service itself: while nobody serves, there is none to be seen
OF_WHAT_SERVES = frozenset({"certificate"})
# with a killed database, or a balancer that is gone, the runbook fences the whole site
_LOSES_MONITORS = frozenset({"site-loss", "site-cut", "database-killed", "balancer-gone", "monitors-cut"})


def lost_place(evidence: Evidence) -> str:
    """The site whose monitors are lost with the fault; empty where the fault leaves them all."""
    fault = evidence.plan.fault
    return fault.site if fault.name in _LOSES_MONITORS else ""


@dataclass(frozen=True)
class Looked:
    """One monitor's looks that saw something. `blind_s`: its longest time without one, beyond its usual pause."""

    monitor: str
    site: str
    count: int
    blind_s: float


@dataclass(frozen=True)
class Alert:
    """One alarm from its rising to its clearing; `cleared_ns` None: it was still on at the end."""

    monitor: str
    site: str
    raised_ns: int
    cleared_ns: int | None
    why: str


def looks(evidence: Evidence, marks: Marks) -> list[Looked]:
    """What each monitor did from the steady phase to the end of the load. Raises Unusable without any look."""
    begin, _ = evidence.phase("steady")
    end = marks.observed_ns or begin
    found = evidence.rows(
        "SELECT CAST(subject AS VARCHAR), coalesce(list(t ORDER BY t) FILTER (metric = 'ok'), []), "
        "coalesce(any_value(value) FILTER (metric = 'period_s'), 0), "
        "bool_or(metric IN ('ok', 'blind') AND t BETWEEN ? AND ?) FROM samples "
        "WHERE source = 'monitors' AND metric IN ('ok', 'blind', 'period_s') GROUP BY 1 ORDER BY 1",
        *(begin, end),
    )
    there = [each for each in found if each[-1]]
    if not there:
        raise Unusable("no monitor has looked at anything")
    return [
        Looked(*_parts(subject), sum(begin <= t <= end for t in times), _blind_s(times, float(period_s), begin, end))
        for subject, times, period_s, _ in there
    ]


def _blind_s(times: list[int], period_s: float, begin: int, end: int) -> float:
    """The longest time between `begin` and `end` without a look, beyond the usual pause: its period, or where that is not
    recorded the median of its pauses, also of those before and after. Before its first and after its last look counts as well: a
    monitor that died leaves no pause between looks."""
    within = [t for t in times if begin <= t <= end]
    if not within:
        return round((end - begin) / 1e9, 3)
    usual = period_s or (median(after - before for before, after in pairwise(times)) / 1e9 if len(times) > 1 else 0)
    longest = max(after - before for before, after in pairwise([begin, *within, end]))
    return round(max(0, longest / 1e9 - usual), 3)


def alerts(evidence: Evidence) -> list[Alert]:
    """All alarms in order of their rising. Raises Unusable with the timeline."""
    whole: list[Alert] = []
    open_: dict[str, tuple[int, str]] = {}
    for event in evidence.of_kind("alert"):
        if event.data.get("state") == "raised":
            open_[event.subject] = (event.t_ns, str(event.data.get("why", "")))
        elif event.subject in open_:
            raised, why = open_.pop(event.subject)
            whole.append(Alert(*_parts(event.subject), raised, event.t_ns, why))
    whole += [Alert(*_parts(subject), raised, None, why) for subject, (raised, why) in open_.items()]
    return sorted(whole, key=lambda alert: alert.raised_ns)


def _parts(subject: str) -> tuple[str, str]:
    monitor, _, site = subject.partition("@")
    return monitor, site


def looks_of(evidence: Evidence, monitor: str, after_ns: int) -> list[tuple[int, bool]]:
    """The looks of that monitor at every place but the lost site, in order: when it had ended at the latest (its next look
    began), and whether it was good. The last one of each place has not ended for sure, and is left out."""
    lost = lost_place(evidence)
    rows = evidence.rows(
        "SELECT ended, value FROM (SELECT t, value, lead(t) OVER (PARTITION BY subject ORDER BY t) AS ended FROM samples "
        "WHERE source = 'monitors' AND metric = 'ok' AND CAST(subject AS VARCHAR) LIKE ? AND CAST(subject AS VARCHAR) <> ?) "
        "WHERE t >= ? AND ended IS NOT NULL ORDER BY ended",
        *(f"{monitor}@%", f"{monitor}@{lost}", after_ns),
    )
    return [(int(t), value > 0) for t, value in rows]


def answers(evidence: Evidence, after_ns: int) -> list[tuple[int, bool]]:
    """What servers answered to attempts that were not the client's fault, in order: when, and whether it was no 5xx."""
    rows = evidence.rows(
        "SELECT t_done, status < 500 FROM attempts WHERE t_done >= ? AND (status < 300 OR status >= 500) ORDER BY t_done",
        after_ns,
    )
    return [(int(t), bool(good)) for t, good in rows]
