"""What the monitors did, for the checks about them: their looks, their alarms, and which of them should have seen the fault."""

from __future__ import annotations

from dataclasses import dataclass

from results.evidence import Evidence, Unusable

# monitors of what patients use: they must notice when that is gone. The others watch parts that may well survive
OF_THE_SERVICE = frozenset({"http", "transaction"})


@dataclass(frozen=True)
class Alert:
    """One alarm from its rising to its clearing; `cleared_ns` None: it was still on at the end."""

    monitor: str
    site: str
    raised_ns: int
    cleared_ns: int | None
    why: str


def looks(evidence: Evidence) -> list[tuple[str, str, int, float]]:
    """(monitor, site, number of looks, longest time between two in seconds). Raises Unusable without any."""
    found = evidence.rows(
        "SELECT subject, count(*), coalesce(max(gap), 0) / 1e9 FROM "
        "(SELECT CAST(subject AS VARCHAR) AS subject, t - lag(t) OVER (PARTITION BY subject ORDER BY t) AS gap FROM samples "
        "WHERE source = 'monitors' AND metric = 'ok') GROUP BY 1 ORDER BY 1"
    )
    if not found:
        raise Unusable("no monitor has looked at anything")
    return [(*_parts(str(subject)), int(count), float(gap)) for subject, count, gap in found]


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
