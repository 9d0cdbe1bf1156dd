"""What ``zweitherz scale`` says: needs in steady load, and through an outage with the return of everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drill.scale.costs import Measured
from drill.scale.generator import PERIOD_S
from drill.scale.needs import DRILL_S, PORTS, Needs, capacity, needs, plan_of

SIZES = (120_000, 1_200_000, 12_000_000)


def both(patients: int, rate: float, outage_s: float, measured: Measured, seed: int = 1) -> dict[str, Needs]:
    """``steady``, and unless `outage_s` is 0 ``outage``. Raises BadScale."""
    plan_of(patients, rate, DRILL_S)  # refused before anything is simulated
    cases = {"steady": 0.0, **({"outage": outage_s} if outage_s else {})}
    return {
        name: needs(patients, rate, dark_s, capacity(measured, patients / rate, dark_s, seed=seed), measured)
        for name, dark_s in cases.items()
    }


def page(measured: Measured, outage_s: float = 30) -> str:
    """The table of docs/scale.md: 0.12, 1.2 and 12 million patients, each without and with an outage."""
    cases = [(patients, dark_s) for patients in SIZES for dark_s in (0.0, outage_s)]
    one = {dark_s: capacity(measured, PERIOD_S, dark_s) for dark_s in (0.0, outage_s)}
    found = [needs(patients, patients / PERIOD_S, dark_s, one[dark_s], measured) for patients, dark_s in cases]
    heads = [f"{each.patients / 1e6:g} M" + (f", {each.outage_s:g} s dark" if each.outage_s else "") for each in found]
    lines = [f"| what | {' | '.join(heads)} |", "|---" * (len(found) + 1) + "|"]
    lines += [f"| {what} | {' | '.join(value(each) for each in found)} |" for what, value in _LINES]
    return "\n".join(lines)


def table(found: Mapping[str, Needs], measured: Measured) -> str:
    """A line for each need, a column for each case, and what stands in the way."""
    cases = list(found.values())
    first = cases[0]
    lines = [f"{first.patients:,} patients, {first.rate:,.0f} uploads/s, a drill of ten minutes"]
    heads = ["steady" if not case.outage_s else f"{case.outage_s:g} s without service" for case in cases]
    lines.append(f"{'':<42}" + "".join(f"{head:>26}" for head in heads))
    for what, value in _LINES:
        lines.append(f"{what:<42}" + "".join(f"{value(case):>26}" for case in cases))
    for case, head in zip(cases, heads, strict=True):
        lines += [f"in the way ({head}): {limit}" for limit in case.limits]
    lines.append(f"costs measured on {measured.date}: {measured.machine.cpu}, {measured.machine.cores} cores")
    return "\n".join(lines)


_LINES: tuple[tuple[str, Callable[[Needs], str]], ...] = (
    ("workers", lambda each: f"{each.workers:,}"),
    ("uploads/s of a worker", lambda each: f"{each.worker_rate:.0f}"),
    ("lag p99", lambda each: f"{each.lag_p99_ms:.1f} ms"),
    ("cores at work", lambda each: f"{each.cores:.1f}"),
    ("connections open", lambda each: f"{each.connections:,}"),
    (f"source addresses ({PORTS:,} ports each)", lambda each: f"{each.source_addresses:,}"),
    ("file descriptors of a worker", lambda each: f"{each.worker_files:,}"),
    ("attempts in flight of a worker", lambda each: f"{each.worker_in_flight:,}"),
    ("memory of a worker at its start", lambda each: f"{each.worker_peak_mb:,.0f} MB"),
    ("memory of all workers at work", lambda each: f"{each.memory_gb:,.1f} GB"),
    ("schedule ready after", lambda each: f"{each.schedule_s:,.1f} s"),
    ("attempts on record", lambda each: f"{each.attempts:,}"),
    ("history", lambda each: f"{each.history_gb:,.2f} GB"),
    ("… made into tables", lambda each: f"{each.table_s:,.0f} s"),
    ("… judged", lambda each: f"{each.judge_s:,.0f} s, {each.judge_mb:,.0f} MB"),
)
