"""The books must balance: readings with planted fates, counted by the checks (definitions 5.3, 5.5, 5.6)."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from results.finding import Finding, Verdict
from tests.results.planted import AGAIN_S, TOOK_S, Fate, findings, told
from tests.results.story import ns

# the story's fence is at 3.1 s; its replication lag is small, so 5 s before the fault were at risk
RISK_FROM, RISK_TO = -5.0, 3.1
# each example is a whole run on disk; to explain a failure by more of them takes longer than to read it
_QUICK = settings(max_examples=20, deadline=None, derandomize=True, phases=set(Phase) - {Phase.explain})

_ENDS = st.lists(
    st.tuples(st.sampled_from(["ok", "ok", "fail", "info", ""]), st.sampled_from(["fra", "gra"])), max_size=3
).map(tuple)
_SAFE = st.builds(Fate, at=st.integers(-90, 150).map(lambda tenth: tenth / 10), ends=_ENDS, volume=st.booleans())
# most readings end well: only then can what little is planted turn a check, and nothing else
_WELL = st.builds(
    Fate,
    at=st.integers(-90, 150).map(lambda tenth: tenth / 10),
    ends=st.sampled_from([(("ok", "gra"),), (("fail", "fra"), ("ok", "gra")), (("info", "fra"), ("ok", "gra"))]),
)
_ANY = st.builds(
    Fate,
    at=st.integers(-90, 150).map(lambda tenth: tenth / 10),
    ends=_ENDS,
    copies=st.sampled_from([0, 1, 1, 1, 2]),
    altered=st.booleans(),
    moved=st.booleans(),
    rekeyed=st.sampled_from([False, False, True]),
    volume=st.booleans(),
)
_FATES = st.one_of(
    st.lists(_ANY, min_size=1, max_size=40),
    st.tuples(st.lists(_WELL, min_size=10, max_size=40), st.lists(_ANY, max_size=3)).map(
        lambda both: both[0] + both[1]
    ),
)


@_QUICK
@given(
    fates=_FATES,
    foreign=st.sampled_from([0, 0, 0, 1, 3]),
    lost=st.integers(0, 3),
    rpo_s=st.sampled_from([0.0, 2.0, 20.0]),
    at_risk=st.integers(0, 10),
    info_outside=st.sampled_from([0.001, 0.5]),
)
def test_what_was_lost_is_counted_and_judged_as_it_was_planted(
    fates: list[Fate], foreign: int, lost: int, rpo_s: float, at_risk: int, info_outside: float
) -> None:
    story = told(fates, foreign)
    story.plan["objectives"] |= {"lost": lost, "rpo_s": rpo_s, "at_risk_writes": at_risk}
    story.plan["objectives"] |= {"info_ratio_outside": info_outside}
    found = findings(story, "data-loss")["data-loss"]
    missing = [fate for fate in fates if fate.outcome == "ok" and not fate.copies]
    acknowledged = [fate.acknowledged for fate in fates if fate.acknowledged is not None]
    gone = [fate.acknowledged or 0.0 for fate in missing]
    truth = {
        "acknowledged": len(acknowledged),
        "lost": len(missing),
        "rpo_records": len(missing),
        "rpo_patients": len(missing),
        "rpo_clinical": {"heart-rate": len(missing)} if missing else {},
        "stranded": sum(fate.volume for fate in missing),
        "destroyed": sum(not fate.volume for fate in missing),
        "recovered": sum(fate.outcome == "info" and fate.copies > 0 for fate in fates),
        "resurrected": sum(fate.outcome == "fail" and fate.copies > 0 for fate in fates),
        "unexpected": foreign + sum(fate.copies * (fate.outcome == "unsent") + fate.rekeyed for fate in fates),
        "lost_after_fault": sum(at > 0 for at in gone),
        "rpo_s": max(0.0, -min(gone)) if gone else 0.0,
        "at_risk": sum(RISK_FROM <= at <= RISK_TO for at in acknowledged),
    }
    assert {name: found.measured[name] for name in truth} == truth
    red = (
        *(truth["lost"] > lost, truth["rpo_s"] > rpo_s),
        *(truth["lost_after_fault"], truth["resurrected"], truth["unexpected"]),
    )
    unclear = not acknowledged or truth["at_risk"] < at_risk or _too_many_unknown(fates, info_outside)
    assert found.verdict is _verdict(any(red), unclear), found.why


def _too_many_unknown(fates: list[Fate], most: float) -> bool:
    """More than half of what was begun at risk, or more than so much of what had ended before."""
    begun = [fate for fate in fates if fate.ends and RISK_FROM <= fate.at + 0.002 <= RISK_TO]
    before = [
        end
        for fate in fates
        for number, (end, _) in enumerate(fate.ends)
        if end and fate.at + AGAIN_S * number + TOOK_S < RISK_FROM
    ]
    return sum(fate.outcome == "info" for fate in begun) > 0.5 * len(begun) or before.count("info") > most * len(before)


@_QUICK
@given(fates=_FATES, foreign=st.integers(0, 2), duplicated=st.integers(0, 3))
def test_what_was_stored_twice_or_otherwise_is_counted_and_judged_as_it_was_planted(
    fates: list[Fate], foreign: int, duplicated: int
) -> None:
    story = told(fates, foreign)
    story.plan["objectives"] |= {"duplicated": duplicated}
    found = findings(story, "duplicates", "corruption")
    rows = sum(fate.copies + fate.rekeyed for fate in fates) + foreign
    twice = {
        "rows": rows,
        "duplicated_keys": sum(fate.copies > 1 for fate in fates),
        "duplicated_readings": sum(fate.copies + fate.rekeyed > 1 for fate in fates),
        "surplus_rows": sum(max(0, fate.copies - 1) for fate in fates),
        "retried": sum(len(fate.ends) > 1 for fate in fates),
    }
    _agree(found["duplicates"], twice, red=twice["duplicated_readings"] > duplicated, unclear=not rows)
    otherwise = {
        "compared": sum(fate.copies for fate in fates),
        "differing_digest": sum(fate.copies for fate in fates if fate.altered),
        "differing_identity": sum(fate.copies for fate in fates if fate.moved),
    }
    red = bool(otherwise["differing_digest"] or otherwise["differing_identity"])
    _agree(found["corruption"], otherwise, red=red, unclear=not otherwise["compared"])


@_QUICK
@given(fates=st.lists(_SAFE, min_size=1, max_size=25), both=st.booleans())
def test_who_wrote_at_the_same_time_is_counted_and_judged_as_it_was_planted(fates: list[Fate], both: bool) -> None:
    story = told(fates)
    if both:
        story.event("takeover.step", "promote", 9, state="end", site="fra")
    found = findings(story, "split-brain")["split-brain"]
    after = [each for fate in fates for each in fate.acknowledgements if each[0] > 0]
    by_new = [at for at, site in after if site == "gra"]
    late = [at for at, site in after if site == "fra" and by_new and at >= min(by_new)]
    truth: dict[str, Any] = {
        "writers": sorted({site for _, site in after}),
        "promoted": ["fra", "gra"] if both else ["gra"],
    }
    if after:
        truth |= {"acknowledged_late": len(late), "overlap_s": round(max(late) - min(by_new), 3) if late else 0.0}
    _agree(found, truth, red=bool(late) or both, unclear=not after)


@settings(_QUICK, max_examples=12)
@given(fates=_FATES, gone=st.sampled_from(["receipt", "read", "whole", "early"]))
def test_without_the_least_evidence_what_was_planted_is_never_called_well(fates: list[Fate], gone: str) -> None:
    story = told(fates)
    if gone == "receipt":
        story.without("fault.receipt")
    elif gone == "read":
        story.without("readback")
    for event in story.events:
        if event["kind"] == "readback" and gone in ("whole", "early"):
            event["data"] |= {"complete": False} if gone == "whole" else {"t_invoked": ns(-10)}
    found = findings(story, "data-loss", "duplicates", "corruption", "split-brain")
    if gone == "receipt":
        assert found["data-loss"].verdict is not Verdict.PASS
        assert found["split-brain"].verdict is Verdict.INCONCLUSIVE
    elif gone != "early" or any(fate.outcome == "ok" for fate in fates):
        unread = {found[name].verdict for name in ("data-loss", "duplicates", "corruption")}
        assert unread == {Verdict.INCONCLUSIVE}


def _agree(found: Finding, truth: dict[str, Any], *, red: bool, unclear: bool) -> None:
    assert {name: found.measured.get(name) for name in truth} == truth
    assert found.verdict is _verdict(red, unclear), found.why


def _verdict(red: bool, unclear: bool) -> Verdict:
    """Definitions: one wrong thing is enough; what cannot be said is not well."""
    if red:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if unclear else Verdict.PASS
