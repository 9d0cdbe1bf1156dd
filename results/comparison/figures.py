"""The figures of one run that can be compared, each with the sample behind it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from results.checks.availability_slo import NAME as AVAILABILITY
from results.checks.generator_health import NAME as GENERATOR
from results.checks.generator_health import UNDER_WAY_NS, late
from results.checks.latency_slo import NAME as LATENCY
from results.checks.latency_slo import windows
from results.comparison import intervals
from results.comparison.intervals import Floats, Numbers
from results.comparison.resources import Used, Who, used
from results.evidence import Evidence, Unusable
from results.finding import Verdict
from results.judge import EVIDENCE, Judgement
from results.marks import Marks
from results.plan import Plan

_MOST_READINGS = 1_000_000  # of a phase; of more, a fair part is taken
_SINGLES = ("rta_s", "rpo_s", "uploads_lost", "uploads_duplicated", "dns_t95_s", "ttd_s")
PER = 1000  # uploads


@dataclass(frozen=True)
class Figure:
    """One figure of one run.

    value   None: not known, and `why` says why; infinite: readings of that quantile never were acknowledged
    n       how many readings, looks or slices of time stand behind it; 1: a single event
    draws   its bootstrap draws; None: it has none
    counts  (good, all) of a ratio
    """

    value: float | None
    n: int = 0
    why: str = ""
    draws: Floats | None = None
    counts: tuple[int, int] | None = None


@dataclass(frozen=True)
class RunFigures:
    """All of a run. `plan` None: it cannot be read. `doubt`: why this run cannot be compared with any other."""

    run: str
    verdict: Verdict
    plan: Plan | None
    environment: dict[str, Any]  # JSON values
    figures: dict[str, Figure] = field(default_factory=dict)
    checks: dict[str, Verdict] = field(default_factory=dict)
    schedules: frozenset[str] = frozenset()
    intended_steady: int | None = None
    intended: int | None = None
    used: dict[str, Used] = field(default_factory=dict)  # of the services, by phase
    doubt: str = ""


@dataclass(frozen=True)
class _Readings:
    """The readings intended in one phase, as columns."""

    latency_ms: Floats
    block: Numbers
    distance: Numbers
    distances: tuple[str, ...]


def measure(run: Path, judgement: Judgement, side: int) -> RunFigures:
    """The figures of a run that has been judged. `side` 0 or 1: the two runs of a comparison share no random numbers."""
    with Evidence(run) as evidence:
        try:
            plan, environment = evidence.plan, evidence.environment
            schedules = {e.data.get("schedule_digest") for e in evidence.of_kind("generator")} - {None}
        except Unusable as error:
            return RunFigures(judgement.run, judgement.verdict, None, {}, doubt=str(error))
        figures: dict[str, Figure] = {}
        usage: dict[str, Used] = {}
        spans = _spans(evidence, judgement.marks)
        for phase, (begin, end) in spans.items():
            figures |= _latency(evidence, plan, phase, begin, end, side)
            figures[f"availability/{phase}"] = _ratio(evidence, plan, begin, end)
            figures |= _resources(evidence, phase, begin, end, side, usage)
        if "steady" in spans:
            figures["generator_lag_p99_ms"] = _lag(evidence, *spans["steady"], side)
        figures["availability"] = _whole_availability(judgement)
        figures |= _singles(judgement)
        steady = _count(evidence, *spans["steady"]) if "steady" in spans else None
    checks = {finding.name: finding.verdict for finding in judgement.findings}
    whole = judgement.headline.get("uploads_intended")
    return RunFigures(
        run=judgement.run,
        verdict=judgement.verdict,
        plan=plan,
        environment=environment,
        figures=figures,
        checks=checks,
        schedules=frozenset(map(str, schedules)),
        intended_steady=steady,
        intended=whole if isinstance(whole, int) else None,
        used=usage,
        doubt=_doubt(judgement),
    )


def _doubt(judgement: Judgement) -> str:
    """Changed evidence says nothing; a load generator that was the bottleneck has measured itself, not the service."""
    found = {finding.name: finding for finding in judgement.findings}
    if EVIDENCE not in found or found[EVIDENCE].verdict is not Verdict.PASS:
        return "its evidence is not what it was when the run ended"
    if GENERATOR in found and late(found[GENERATOR].measured, found[GENERATOR].objective):
        return f"not a measurement of the service: {found[GENERATOR].why}"
    return ""


def generator_of(name: str, side: int) -> np.random.Generator:
    """Random numbers of one figure of one side: the same for ever, and no others' numbers."""
    return np.random.default_rng([zlib.crc32(name.encode()), side])


def _spans(evidence: Evidence, marks: Marks) -> dict[str, tuple[int, int]]:
    """As the check latency-slo has them; a drill without the phase "recovered" has the steady one only, or none."""
    try:
        return {phase: span for phase, span in windows(evidence, marks).items() if span[1] > span[0]}
    except Unusable:
        pass
    try:
        begin, end = evidence.phase("steady")
    except Unusable:
        return {}
    return {"steady": (begin, end - UNDER_WAY_NS)} if end - UNDER_WAY_NS > begin else {}


def _count(evidence: Evidence, begin: int, end: int) -> int | None:
    try:
        return int(
            evidence.row("SELECT count(*) FROM operations WHERE t_intended >= ? AND t_intended < ?", begin, end)[0]
        )
    except Unusable:
        return None  # the figures made of operations say why


def _readings(evidence: Evidence, begin: int, end: int) -> _Readings:
    """Readings intended in [begin, end); of more than a million, those whose hashed number falls into a share of all numbers."""
    total = _count(evidence, begin, end) or 0
    one_in = -(-total // _MOST_READINGS) or 1
    table = evidence.table(
        "SELECT (t_ack - t_intended) / 1e6 AS latency_ms, t_intended, CAST(distance AS VARCHAR) AS distance FROM operations "
        "WHERE t_intended >= ? AND t_intended < ? AND hash(op) % ? = 0 ORDER BY op",
        *(begin, end, one_in),
    )
    latency = table["latency_ms"].to_numpy().astype(np.float64)
    coded = table["distance"].combine_chunks().dictionary_encode()
    names = coded.dictionary.to_pylist()
    return _Readings(
        np.where(np.isnan(latency), np.inf, latency),
        intervals.blocks(table["t_intended"].to_numpy(), begin, end),
        coded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        tuple(map(str, names)),
    )


def _latency(evidence: Evidence, plan: Plan, phase: str, begin: int, end: int, side: int) -> dict[str, Figure]:
    names = list(plan.comparison.latency)
    try:
        readings = _readings(evidence, begin, end)
    except Unusable as error:
        return {f"latency_{name}_ms/{phase}": Figure(None, why=str(error)) for name in names}
    made = {}
    for place in ("", *sorted(plan.load.distances)):
        mine = (
            np.ones(len(readings.latency_ms), bool)
            if not place
            else (readings.distance == _number(place, readings.distances))
        )
        for name in names:
            key = f"latency_{name}_ms/{phase}" + (f"/{place}" if place else "")
            made[key] = quantile(
                readings.latency_ms[mine],
                float(name.removeprefix("p")) / 100,
                readings.block[mine],
                readings.distance[mine],
                generator_of(key, side),
            )
    return made


def _number(place: str, places: tuple[str, ...]) -> int:
    return places.index(place) if place in places else -1


def quantile(values: Floats, q: float, block: Numbers, classes: Numbers, rng: np.random.Generator) -> Figure:
    """The q-quantile of readings (ms, infinite where never acknowledged) with its draws; too small a sample has no value."""
    n = len(values)
    if n < intervals.LEAST:
        return Figure(None, n, f"too few readings: {n} (at least {intervals.LEAST})")
    if len(np.unique(block)) < intervals.LEAST_BLOCKS:
        return Figure(None, n, f"too short: {n} readings within less than {intervals.LEAST_BLOCKS} s")
    ordered = np.sort(values)
    value = float(ordered[intervals.rank(q, n) - 1])
    effective = intervals.effective_number(values > value, block, classes)
    if effective < intervals.needed(q):
        why = (
            f"too few readings: {n}, worth {effective:.0f} independent ones (p{q * 100:g} needs {intervals.needed(q)})"
        )
        return Figure(None, n, why)
    return Figure(value, n, draws=intervals.quantile_draws(ordered, q, effective, rng))


def _lag(evidence: Evidence, begin: int, end: int, side: int) -> Figure:
    try:
        table = evidence.table(
            "SELECT (t_dispatched - t_scheduled) / 1e6 AS lag_ms, t_scheduled FROM attempts "
            "WHERE t_scheduled >= ? AND t_scheduled < ? ORDER BY op, attempt",
            *(begin, end),
        )
    except Unusable as error:
        return Figure(None, why=str(error))
    lag = table["lag_ms"].to_numpy().astype(np.float64)
    block = intervals.blocks(table["t_scheduled"].to_numpy(), begin, end)
    return quantile(lag, 0.99, block, np.zeros(len(lag), np.int64), generator_of("generator_lag_p99_ms", side))


def _ratio(evidence: Evidence, plan: Plan, begin: int, end: int) -> Figure:
    try:
        good, intended = evidence.row(
            "SELECT count(*) FILTER (t_ack <= t_intended + ?), count(*) FROM operations WHERE t_intended >= ? AND t_intended < ?",
            *(int(plan.objectives.deadline_s * 1e9), begin, end),
        )
    except Unusable as error:
        return Figure(None, why=str(error))
    return _of_counts(int(good), int(intended))


def _of_counts(good: int, intended: int) -> Figure:
    if intended < intervals.LEAST:
        return Figure(None, intended, f"too few readings: {intended} (at least {intervals.LEAST})")
    return Figure(good / intended, intended, counts=(good, intended))


def _whole_availability(judgement: Judgement) -> Figure:
    finding = next((each for each in judgement.findings if each.name == AVAILABILITY), None)
    if finding is None:
        return Figure(None, why="this drill does not ask for it")
    good, intended = finding.measured.get("good"), finding.measured.get("intended")
    if finding.verdict is Verdict.INCONCLUSIVE and not isinstance(good, int):
        return Figure(None, why=finding.why)
    return (
        _of_counts(good, intended)
        if isinstance(good, int) and isinstance(intended, int)
        else Figure(None, why=finding.why)
    )


def _singles(judgement: Judgement) -> dict[str, Figure]:
    made = {}
    monitors = {finding.name: finding.measured for finding in judgement.findings}.get("monitor-detection", {})
    for name, value in (
        *((name, judgement.headline.get(name)) for name in _SINGLES),
        ("monitor_ttd_s", monitors.get("fastest_s")),
    ):
        known = isinstance(value, int | float) and not isinstance(value, bool)
        made[name] = Figure(float(value), 1) if known else Figure(None, why="not known")  # type: ignore[arg-type] # a number
    return made


def _resources(
    evidence: Evidence, phase: str, begin: int, end: int, side: int, usage: dict[str, Used]
) -> dict[str, Figure]:
    """Per 1,000 acknowledged uploads. `usage` gets the services' slices of time."""
    made: dict[str, Figure] = {}
    sides: tuple[Who, Who] = ("services", "generator")
    for who in sides:
        keys = {name: f"{who}_{name}/{phase}" for name in ("cpu_s", "memory_gb_s", "out_gb")}
        try:
            found = used(evidence, who, begin, end)
        except Unusable as error:
            made |= {key: Figure(None, why=str(error)) for key in keys.values()}
            continue
        if who == "services":
            usage[phase] = found
        for name, key in keys.items():
            column = getattr(found, name)
            if column is None:
                made[key] = Figure(None, why="not recorded")
            else:
                made[key] = per_uploads(column, found, generator_of(key, side))
    return made


def per_uploads(column: Floats, of: Used, rng: np.random.Generator) -> Figure:
    """Of an amount in slices of time: what 1,000 acknowledged uploads took."""
    n, acknowledged = len(column), int(of.uploads.sum())
    if of.gap:
        return Figure(None, n, of.gap)
    if n < intervals.LEAST_BLOCKS or acknowledged < intervals.LEAST:
        return Figure(None, n, f"too short: {n} slices of time with {acknowledged} acknowledged uploads")
    return Figure(
        float(column.sum()) / acknowledged * PER, n, draws=intervals.ratio_draws(column, of.uploads, rng) * PER
    )


def slo_met(run: RunFigures) -> bool:
    """Whether the run kept its objectives of latency and availability."""
    return all(run.checks.get(name) is Verdict.PASS for name in (LATENCY, AVAILABILITY))
