"""What management asks first: the promises, whether they become better, and latency wherever a patient lives."""

from __future__ import annotations

from pathlib import Path

from dashboards.report.model import Distance, Distances, Past, Promise, Trend
from dashboards.report.part import NotThere
from results.checks.latency_slo import windows
from results.evidence import Evidence
from results.finding import Finding, Value
from results.judge import Judgement
from results.listing import Listed, State, like, listed
from results.marks import Marks
from results.plan import Objectives

_LEAST = 100  # readings: of fewer no quantile is told
_MOST_RUNS = 12


def promises(judgement: Judgement, want: Objectives | None, touched: tuple[int, int] | None) -> list[Promise]:
    """Time without service, readings lost, patients affected (`touched`: as `affected` counts them; None: not known).

    Objectives are None where the plan cannot be read.
    """
    found = {finding.name: finding for finding in judgement.findings}
    recovery, loss, served = (found.get(name) for name in ("recovery-time", "data-loss", "availability-slo"))
    return [
        Promise(
            name="unserved",
            value=measured(recovery, "rta_s"),
            objective=want.rto_s if want else None,
            verdict=recovery.verdict if recovery else None,
        ),
        Promise(
            name="lost",
            value=measured(loss, "lost"),
            objective=want.lost if want else None,
            verdict=loss.verdict if loss else None,
            of=figure(judgement.headline.get("uploads_acknowledged")),
        ),
        Promise(
            name="affected",
            value=touched[0] if touched else None,
            # what was promised is how many readings are on time: nobody promised how many patients never notice
            objective=want.availability if want else None,
            verdict=served.verdict if served else None,
            of=touched[1] if touched else None,
        ),
    ]


def affected(evidence: Evidence, marks: Marks) -> tuple[int, int]:
    """Patients with a reading that missed its deadline, of those that had one due in the window of the check on availability."""
    begin, _ = evidence.phase("steady")
    if marks.observed_ns is None:
        raise NotThere("evidence", "timeline.jsonl: the drill has no phases")
    deadline = int(evidence.plan.objectives.deadline_s * 1e9)
    touched, all_of_them = evidence.row(
        "SELECT count(DISTINCT patient) FILTER (t_ack IS NULL OR t_ack > t_intended + ?), count(DISTINCT patient) "
        "FROM operations WHERE t_intended >= ? AND t_intended < ?",
        *(deadline, begin, marks.observed_ns),
    )
    return int(touched), int(all_of_them)


def measured(finding: Finding | None, name: str) -> float | None:
    """A number that a check measured."""
    return figure(finding.measured.get(name)) if finding is not None else None


def figure(value: Value) -> float | None:
    """The number; None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def trend(run: Path, judgement: Judgement, want: Objectives) -> Trend:
    """Earlier drills of that name and size in the same folder, and this one. Raises NotThere where it is the first."""
    mine = listed(run)
    if mine.started is None:
        raise NotThere("first")
    head = {name: figure(value) for name, value in judgement.headline.items()}
    now = Listed(run.name, run, mine.started, judgement.drill, State.JUDGED, judgement.verdict, head)
    others = (each for each in sorted(run.parent.iterdir()) if each.is_dir() and each.name != run.name)
    before = [
        each
        for each in like(map(listed, others), now)
        if each.started is not None and (each.started, each.run) < (mine.started, run.name)
    ]
    if not before:
        raise NotThere("first")
    return Trend(
        runs=[_past(each) for each in (*before[1 - _MOST_RUNS :], now)],
        rto_s=want.rto_s,
        lost=want.lost,
        late=1 - want.availability,
    )


def _past(each: Listed) -> Past:
    on_time = each.headline.get("availability")
    if each.started is None or each.verdict is None:
        raise ValueError(f"{each.run} is not judged")
    return Past(
        run=each.run,
        started=each.started.isoformat(),
        verdict=each.verdict,
        patients=each.headline.get("patients"),
        rta_s=each.headline.get("rta_s"),
        lost=each.headline.get("uploads_lost"),
        late=None if on_time is None else round(1 - on_time, 6),
    )


def distances(evidence: Evidence, marks: Marks) -> Distances:
    """By distance class, in the windows of the check on latency; a reading never acknowledged counts as infinitely late."""
    want = evidence.plan.objectives.latency_ms
    names = sorted(want, key=lambda name: float(name.removeprefix("p")))
    delays = {each["name"]: each.get("one_way_ms") for each in evidence.environment["target"].get("distances", [])}
    spans = windows(evidence, marks)
    found = {phase: _quantiles(evidence, *span, names) for phase, span in spans.items()}
    places = sorted({place for phase in found.values() for place in phase}, key=lambda place: delays.get(place) or 0)
    nothing: tuple[int, dict[str, float | None]] = (0, dict.fromkeys(names))
    classes = []
    for place in places:
        before, after = (found.get(phase, {}).get(place, nothing) for phase in ("steady", "recovered"))
        classes.append(
            Distance(
                name=place,
                one_way_ms=delays.get(place),
                normal=before[1],
                one_site=after[1],
                readings=(before[0], after[0]),
            )
        )
    if not classes:
        raise NotThere("too-few")
    return Distances(classes=classes, objective=dict(want), one_site="recovered" in spans)


def _quantiles(
    evidence: Evidence, begin: int, end: int, names: list[str]
) -> dict[str, tuple[int, dict[str, float | None]]]:
    """By class: readings, and each quantile in ms. Nulls come last in the order, so a rank among them is one that never came."""
    ranks = ", ".join(
        f"quantile_disc(coalesce(t_ack - t_intended, 9223372036854775807), {float(name.removeprefix('p')) / 100})"
        for name in names
    )
    rows = evidence.rows(
        f"SELECT CAST(distance AS VARCHAR), count(*), {ranks} FROM operations "
        "WHERE t_intended >= ? AND t_intended < ? GROUP BY 1",
        *(begin, end),
    )
    never = 1 << 62
    return {
        str(place): (
            int(count),
            {
                name: round(value / 1e6, 2) if count >= _LEAST and value < never else None
                for name, value in zip(names, values, strict=True)
            },
        )
        for place, count, *values in rows
    }
