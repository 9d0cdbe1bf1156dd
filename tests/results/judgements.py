"""Judgements and comparisons made by hand, for what is written of them: no run is needed."""

from __future__ import annotations

from collections.abc import Iterable

from results.comparison.model import Change, Claim, Compared, Comparison, Side
from results.finding import Finding, Verdict, merge
from results.judge import Judgement
from results.marks import Marks

RUN, BASELINE = "2026-11-23T16-30-00Z_story_7f3a", "2026-11-22T16-30-00Z_story_0a0a"
HEADLINE = {
    "patients": 2000,
    "patients_seen": 1998,
    "uploads_intended": 2000,
    "uploads_acknowledged": 1990,
    "uploads_lost": 0,
    "uploads_duplicated": 0,
    "rta_s": 5.0,
    "rpo_s": 0.0,
    "rpo_records": 0,
    "ttd_s": 2.5,
    "availability": 0.8789,
    "latency_p50_ms": 60.0,
    "latency_p99_ms": 90.0,
    "dns_t95_s": 3.0,
    "generator_lag_p99_ms": 2.0,
}


def judgement(findings: Iterable[Finding], *, drill: str = "story", run: str = RUN) -> Judgement:
    found = tuple(findings)
    return Judgement(run, drill, 7, merge(each.verdict for each in found), found, Marks(), dict(HEADLINE))


def findings(red: int = 0, unclear: int = 0, green: int = 0) -> list[Finding]:
    """Green ones first, as the checks come in no order of their verdicts."""
    counts = {Verdict.PASS: green, Verdict.INCONCLUSIVE: unclear, Verdict.FAIL: red}
    return [
        Finding(f"{verdict.value}-{number}", verdict, f"why {number}")
        for verdict, count in counts.items()
        for number in range(count)
    ]


def figure(name: str, change: Change, why: str = "") -> Compared:
    return Compared(
        metric=name,
        unit="ms",
        lower_is_better=True,
        change=change,
        why=why,
        baseline=Side(value=50.0, n=795),
        now=Side(value=62.5, n=790),
        delta=12.5,
        low=11.0,
        high=14.0,
        margin=10.0,
    )


def comparison(
    figures: Iterable[Compared],
    *,
    why: str = "1 worse",
    left_out: Iterable[str] = (),
    claims: Iterable[Claim] = (),
    unequal: Iterable[str] = (),
) -> Comparison:
    made = list(figures)
    return Comparison(
        baseline=BASELINE,
        run=RUN,
        drill="story",
        baseline_verdict=Verdict.PASS,
        verdict=merge(each.change.verdict for each in made),
        why=why,
        metrics=made,
        left_out=list(left_out),
        claims=list(claims),
        unequal=list(unequal),
    )


def refused(why: str = "unequal work: seed: 1 and 2") -> Comparison:
    return comparison(
        [figure(name, Change.UNKNOWN, why) for name in ("rta_s", "rpo_s")], why=why, unequal=["seed: 1 and 2"]
    )
