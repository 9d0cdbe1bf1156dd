"""Workers of the load generator of which evidence is missing, and how far their clocks were from the master's.

A *sender* sends for the patients with number % workers == its own number. It is lost where its history was not kept, where it
ended before the load did, or where nobody knows how it ended: then nobody knows what became of its patients' readings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from results.evidence import Evidence, Unusable
from results.finding import Finding, Verdict
from results.timeline import Event

# two clocks drift apart by at most so much: 15 ppm each is the frequency tolerance of NTP (PHI in RFC 5905)
_DRIFT = 30e-6
_AFTER_ALL = ("collected", "ended", "lost")  # the last word of a master on a worker


@dataclass(frozen=True)
class Lost:
    """A sender without (all of) its evidence. `number`, `workers`: its patients (-1, 0: not known); `kept`: there is a history.

    `patients`, `readings`: how many are without evidence; None: not known.
    """

    sender: str
    why: str
    number: int = -1
    workers: int = 0
    patients: int | None = None
    readings: int | None = None
    host: str = ""
    kept: bool = True

    def __str__(self) -> str:
        share = ""
        if self.workers:
            share = f", patients with number % {self.workers} = {self.number} ({self.patients})"
        readings = f", {self.readings} readings" if self.readings is not None else ""
        place = f" on {self.host}" if self.host else ""
        return f"{self.sender}{place} {self.why}{share}{readings}"


def lost_senders(evidence: Evidence) -> list[Lost]:
    """In order of their names. Raises Unusable."""
    own: dict[str, dict[str, Event]] = {}
    for event in evidence.of_kind("generator"):
        own.setdefault(event.subject, {})[str(event.data.get("state"))] = event
    seen: dict[str, dict[str, Event]] = {}
    for event in evidence.of_kind("worker"):
        seen.setdefault(event.subject, {})[str(event.data.get("state"))] = event
    found = []
    for sender in sorted({*own, *seen}):
        lost = _lost(sender, own.get(sender, {}), seen.get(sender, {}))
        if lost is not None:
            found.append(lost)
    return found


def _lost(sender: str, own: dict[str, Event], seen: dict[str, Event]) -> Lost | None:
    if "lost" in seen:
        told = seen["lost"].data
        why = f"is lost ({told.get('why')})"
        return _of(sender, told, why, readings=_whole(told.get("due")), kept=bool(told.get("shared")))
    told = seen["placed"].data if "placed" in seen else {}
    if told and not any(state in seen for state in _AFTER_ALL):
        return _of(sender, told, "ended early: its master did not see its end", kept=bool(told.get("shared")))
    if "begin" in own and "end" not in own:
        return _of(sender, {**own["begin"].data, **told}, "ended early")
    return None


def _of(sender: str, told: dict[str, object], why: str, readings: int | None = None, *, kept: bool = True) -> Lost:
    number = sender.rpartition("-")[2]
    return Lost(
        sender,
        why,
        int(number) if number.isdigit() else -1,
        (_whole(told.get("workers")) or 0) if number.isdigit() else 0,
        _whole(told.get("patients")),
        readings,
        str(told.get("host") or ""),
        kept,
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def named(lost: Iterable[Lost]) -> str:
    """For a reason: who, which patients, how many readings."""
    return "; ".join(str(each) for each in lost)


# checks that look at uploads, or at what patients saw of the network, and would pass with whatever patients are left
OF_PATIENTS = frozenset(
    {
        *(
            "recovery-time",
            "data-loss",
            "corruption",
            "authenticity",
            "split-brain",
            "dns-convergence",
            "traffic-drain",
        ),
        *("latency-slo", "availability-slo", "isolation", "reconnection", "backlog", "failback"),
    }
)


def for_those_left(finding: Finding, evidence: Evidence) -> Finding:
    """A check on patients' uploads that passed, passed for those whose evidence is there: with others lost, it is open.

    What is red stays red: it was seen.
    """
    if finding.verdict is not Verdict.PASS or finding.name not in OF_PATIENTS:
        return finding
    lost = lost_senders(evidence)
    if not lost:
        return finding
    why = f"without evidence: {named(lost)}; of the others: {finding.why}"
    return replace(finding, verdict=Verdict.INCONCLUSIVE, why=why)


def without_history(lost: Iterable[Lost]) -> str:
    """SQL over a column `op`: true for readings of patients of senders whose history was not kept."""
    of = [f"(op >> 24) % {each.workers} = {each.number}" for each in lost if not each.kept and each.workers]
    return f"({' OR '.join(of)})" if of else "false"


@dataclass(frozen=True)
class ClockError:
    """`ns`: no two times of the run are further apart, or closer together, than they look by more than that. 0: one clock."""

    ns: int = 0
    worst: str = ""

    def __str__(self) -> str:
        """Behind a figure: nothing where all is on one clock."""
        return f" ± {self.ns / 1e6:.2f} ms" if self.ns else ""


def clock_error(evidence: Evidence) -> ClockError:
    """The worst of all workers whose clock is not the master's. Raises Unusable.

    A worker's times are wrong by at most |θ| + δ/2 when its clock was compared (`loadtests.clock_offset`), and between two
    comparisons that lie T apart by at most half of T times the drift more; times of two workers by the sum of both. Times are
    left as they were written.
    """
    measured: dict[str, dict[str, Event]] = {}
    for event in evidence.of_kind("worker.clock"):
        measured.setdefault(event.subject, {})[str(event.data.get("state"))] = event
    lost = {each.sender for each in lost_senders(evidence)}
    bounds = []
    for sender in measured.keys() - lost:
        each = measured[sender]
        if not {"before", "after"} <= each.keys():
            raise Unusable(f"timeline.jsonl: the clock of {sender} was not compared before and after the load")
        span = abs(each["after"].t_ns - each["before"].t_ns)
        at_ends = max(abs(_figure(e, "offset_ns")) + _figure(e, "round_trip_ns") / 2 for e in each.values())
        bounds.append((round(at_ends + _DRIFT * span / 2), sender))
    bounds.sort(reverse=True)
    return ClockError(sum(bound for bound, _ in bounds[:2]), bounds[0][1]) if bounds else ClockError()


def _figure(event: Event, name: str) -> int:
    value = event.data.get(name)
    if not isinstance(value, int):
        raise Unusable(f"timeline.jsonl: clock of {event.subject}: {name} is {value!r}")
    return value
