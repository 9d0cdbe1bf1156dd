"""What the monitors did, for the checks about them: their looks, their alarms, and which of them should have seen the fault."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from results.evidence import Evidence, Unusable
from results.marks import Marks

# monitors of what patients use: they must notice when that is gone. The others watch parts that may well survive
OF_THE_SERVICE = frozenset({"http", "transaction"})
# monitors of what stands ready: a lost site is rightly missed until it is back, however well the service does by then
OF_THE_OTHER_SITE = frozenset({"peer", "sentry-checkins", "replication"})


@dataclass(frozen=True)
class Looked:
    """One monitor's looks, those whose source was silent too. `blind_s`: its longest time without one, beyond its usual pause."""

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
        "SELECT CAST(subject AS VARCHAR), list(t ORDER BY t) FROM samples "
        "WHERE source = 'monitors' AND metric IN ('ok', 'blind') AND t BETWEEN ? AND ? GROUP BY 1 ORDER BY 1",
        *(begin, end),
    )
    if not found:
        raise Unusable("no monitor has looked at anything")
    return [Looked(*_parts(subject), len(times), _blind_s(times, begin, end)) for subject, times in found]


def _blind_s(times: list[int], begin: int, end: int) -> float:
    """Before the first and after the last look counts as well: a monitor that died leaves no pause between looks."""
    between = [after - before for before, after in pairwise(times)]
    usual = median(between) if between else 0
    return round(max(0, *between, times[0] - begin, end - times[-1]) / 1e9 - usual / 1e9, 3)


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
