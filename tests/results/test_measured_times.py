"""Times and shares must be those that were planted: outages, DNS that moves, patients who wait, monitors that cry or do not.

Everything is planted on a grid (whole or tenth seconds), so that the truth is a matter of counting.
"""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from results.checks.convergence import leaving
from results.finding import Verdict
from tests.results.planted import bare, findings
from tests.results.story import FRA, GRA, Attempt, Story, Upload, ns

# each example is a whole run on disk; to explain a failure by more of them takes longer than to read it
_QUICK = settings(max_examples=16, deadline=None, derandomize=True, phases=set(Phase) - {Phase.explain})

# the story's load lasts from -18 s (steady phase) to 20 s; it wants 4 s without a bad second before it calls service restored
BEGIN, END, HOLD = -18, 20, 4
PER_SECOND = 4


@_QUICK
@given(
    bad=st.one_of(
        st.integers(0, 14).map(lambda length: {*range(length)}),
        st.tuples(st.integers(0, 6), st.integers(7, 18), st.integers(1, 4)).map(
            lambda twice: {*range(twice[0]), *range(twice[1], min(END, twice[1] + twice[2]))}
        ),
        st.sets(st.integers(0, END - 1), max_size=END),
    ),
    rto_s=st.integers(0, 25),
)
def test_recovery_is_the_first_second_from_which_on_service_held(bad: set[int], rto_s: int) -> None:
    story = bare()
    story.plan["objectives"]["rto_s"] = rto_s
    for number in range((END - BEGIN) * PER_SECOND):
        at = BEGIN + number / PER_SECOND
        took = 5.0 if math.floor(at) in bad else 0.05
        story.uploads.append(Upload(number, at, [Attempt(at, at + took, site="gra" if at >= 0 else "fra")]))
    found = findings(story, "recovery-time")["recovery-time"]
    hit = min(bad, default=None)
    if hit is None:
        assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 0.0)
        return
    held = (s for s in range(hit, END - HOLD + 1) if not bad & {*range(s, s + HOLD)})
    restored = next(held, None)
    assert found.measured["rta_s"] == (None if restored is None else restored - hit)
    assert found.measured["since_fault_s"] == restored
    if restored is not None:
        assert found.verdict is (Verdict.PASS if restored - hit <= rto_s else Verdict.FAIL)
    else:
        assert found.verdict is (Verdict.FAIL if END - hit > rto_s else Verdict.INCONCLUSIVE)


_ANSWERS = st.lists(st.integers(0, 3), min_size=16, max_size=16)  # so many in each second after t_auth


@_QUICK
@given(
    honest=_ANSWERS,
    clamped=_ANSWERS,
    moved=st.tuples(st.integers(0, 16), st.integers(0, 16)),
    limit=st.integers(1, 18),
    named=st.booleans(),
)
def test_dns_has_converged_when_the_last_old_answer_was_given(
    honest: list[int], clamped: list[int], moved: tuple[int, int], limit: int, named: bool
) -> None:
    """t_auth is at 4 s; the observation lasts 16 s from there. What a clamping resolver does is told and not judged."""
    story = bare()
    story.plan["objectives"] |= {"dns_t95_s": limit, "drain_t95_s": limit}
    story.environment["target"]["resolvers"].append({"name": "clamped", "kind": "clamped"})
    if not named:
        story.without("dns.authoritative", "ns2")
    for resolver, counts, when in (("honest", honest, moved[0]), ("clamped", clamped, moved[1])):
        for second, many in enumerate(counts):
            for number in range(many):
                at = 4 + second + number / 4
                answer = FRA if second < when else GRA
                row = (ns(at), ns(at), "patients", "resolver", resolver, "fresh", "vitals.heart.test", answer, 5)
                story.lookups.append((*row, "NOERROR", 1))
                if resolver == "honest":
                    site = "fra" if second < when else "gra"
                    story.uploads.append(Upload(len(story.uploads), at, [Attempt(at, at + 0.01, site=site, late=0.0)]))
    found = findings(story, "dns-convergence", "traffic-drain")
    truth = {"honest": _moved_after(honest, moved[0]), "clamped": _moved_after(clamped, moved[1])}
    dns, drain = found["dns-convergence"], found["traffic-drain"]
    if not named:
        assert (dns.verdict, dns.measured["t_auth_s"]) == (Verdict.FAIL, None)
        assert drain.measured["since"] == "t0"
        return
    assert dns.measured["t95_s"] == truth
    assert dns.measured["answers"] == {"honest": sum(honest), "clamped": sum(clamped)}
    assert drain.measured["t95_s"] == {"fresh": truth["honest"]}
    unseen = not any(honest) or (truth["honest"] is None and limit >= 16)
    late = truth["honest"] is None or truth["honest"] > limit
    wanted = Verdict.INCONCLUSIVE if unseen else Verdict.FAIL if late else Verdict.PASS
    assert (dns.verdict, drain.verdict) == (wanted, wanted), (dns.why, drain.why)


def _moved_after(counts: list[int], moved: int) -> float | None:
    """The first second with answers after the last one with old answers; None: there is none, or nobody was asked."""
    busy = [second for second, many in enumerate(counts) if many]
    old = [second for second in busy if second < moved]
    if not old:
        return 0.0 if busy else None
    return next((float(second) for second in busy if second > old[-1]), None)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    moved=st.integers(0, 20), seconds=st.integers(21, 40), per_second=st.integers(40, 100), stray=st.sets(st.integers())
)
def test_a_stray_old_answer_in_a_busy_second_keeps_nobody_from_having_moved(
    moved: int, seconds: int, per_second: int, stray: set[int]
) -> None:
    """One in 40 is less than 5 %, also where two such seconds meet."""
    counts = [
        (second, per_second, per_second if second < moved else int(second in {each % seconds for each in stray}))
        for second in range(seconds)
    ]
    assert leaving(counts, float(seconds)).t95_s == float(moved)


_READINGS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(BEGIN * 10 - 10, END * 10 + 9), st.none() | st.integers(1, 150)),
    min_size=1,
    max_size=40,
)


@_QUICK
@given(readings=_READINGS, objective=st.sampled_from([0.2, 0.5, 0.75, 0.9, 1.0]), died=st.booleans())
def test_what_patients_waited_for_is_counted_in_tenths_of_a_second(
    readings: list[tuple[int, int, int | None]], objective: float, died: bool
) -> None:
    """A reading: its patient, when it was due, and how long its acknowledgement took (in tenths of a second; None: for ever)."""
    story, patience = bare(), 20
    story.plan["objectives"]["availability"] = objective
    for number, (patient, due, took) in enumerate(readings, 1):
        end = due if took is None else due + took
        attempt = Attempt(due / 10, end / 10, "fail" if took is None else "ok", "gra")
        story.uploads.append(Upload(patient, due / 10, [attempt], seq=number))
    if died:
        story.event("generator", "sender-1", -20, state="begin")
    found = findings(story, "availability-slo")["availability-slo"]
    begin, end = BEGIN * 10, END * 10
    seen = [each for each in readings if begin <= each[1] < end]
    if not seen:
        assert found.verdict is Verdict.INCONCLUSIVE
        return
    good = sum(took is not None and took <= patience for *_, took in seen)
    late = sum(took is not None and took > patience for *_, took in seen)
    patients = {patient for patient, *_ in seen}
    down = {
        patient: {
            tick
            for whose, due, took in seen
            if whose == patient
            for tick in range(due + patience, end if took is None else min(end, due + took))
        }
        for patient in patients
    }
    worst = sorted((len(ticks) / 10 for ticks in down.values()), reverse=True)
    answered = sorted(due + took for _, due, took in readings if took is not None)
    bounds = [begin, *(tick for tick in answered if begin <= tick <= end), end]
    truth = {
        "intended": len(seen),
        "good": good,
        "late": late,
        "never": len(seen) - good - late,
        "longest_without_s": max(b - a for a, b in pairwise(bounds)) / 10,
        "patients_affected": round(
            len({who for who, _, took in seen if took is None or took > patience}) / len(patients), 6
        ),
        "patient_minutes": round(1 - sum(worst) / (len(patients) * (end - begin) / 10), 6),
        "worst_patient_s": worst[0],
        "worst_patients_s": worst[0],  # 5 % of at most six patients are one
    }
    assert {name: found.measured[name] for name in truth} == truth
    ratio, n = good / len(seen), len(seen)
    if died:
        assert found.verdict is Verdict.INCONCLUSIVE
    elif ratio < objective:
        assert found.verdict is Verdict.FAIL
    else:
        # the objective lies below the interval: the score test rejects it (the interval is that test, turned round)
        rejected = n * (ratio - objective) ** 2 >= 1.96**2 * objective * (1 - objective)
        assert found.verdict is (Verdict.PASS if rejected else Verdict.INCONCLUSIVE)


DRAINED = 24
MONITORS = ("http", "transaction", "peer", "sentry")
# alarms of one monitor: begin, length (None: to the end), pause before the next
_ALARMS = st.lists(st.tuples(st.integers(0, 25), st.none() | st.integers(1, 8)), max_size=2)


@_QUICK
@given(
    alarms=st.fixed_dictionaries({(name, site): _ALARMS for name in MONITORS for site in ("fra", "gra")}),
    ttd_s=st.integers(1, 12),
    blind=st.none() | st.tuples(st.sampled_from(MONITORS[:2]), st.integers(5, 16)),
    seen_by=st.sampled_from([["http"], ["http", "transaction"], ["peer"]]),
)
def test_alarms_are_true_false_missed_or_stuck_as_they_were_planted(
    alarms: dict[tuple[str, str], list[tuple[int, int | None]]],
    ttd_s: int,
    blind: tuple[str, int] | None,
    seen_by: list[str],
) -> None:
    """Service is bad until 5 s; 15 s later an alarm has no reason any more, but for the lost site itself (its peer's alarm).

    After the last phase nothing is judged.
    """
    story = _served_again_at_5_s()
    story.without("phase", "drain")
    story.event("phase", "drain", END, state="begin")
    story.event("phase", "drain", DRAINED, state="end")
    story.plan["fault"] = {"seen_by": seen_by}
    story.plan["objectives"]["monitor_ttd_s"] = ttd_s
    story.without("alert")
    raised = _cry(story, alarms)
    story.samples = [sample for sample in story.samples if sample[1] != "monitors"]
    for name in MONITORS:
        for second in range(BEGIN, END + 1):
            if blind is None or name != blind[0] or not 0 < second < blind[1]:
                story.samples.append((ns(second), "monitors", f"{name}@gra", "ok", 1.0))
    found = findings(story, "monitor-detection", "monitor-truth")

    def of(name: str) -> list[tuple[float, float | None]]:
        return [(begin, end) for who, site, begin, end in raised if (who, site) == (name, "gra")]

    on_before = sorted(f"{n}@gra" for n in MONITORS if any(b < 0 and (e is None or e > 0) for b, e in of(n)))
    ttd = {
        f"{name}@gra": min((begin for begin, _ in of(name) if begin >= 0), default=None)
        for name in seen_by
        if f"{name}@gra" not in on_before
    }
    seen = [value for value in ttd.values() if value is not None]
    detection = found["monitor-detection"]
    if not ttd:
        assert detection.verdict is Verdict.INCONCLUSIVE
    else:
        assert detection.measured["ttd_s"] == ttd
        assert detection.measured["misses"] == len(ttd) - len(seen)
        assert detection.verdict is (
            Verdict.FAIL if len(seen) < len(ttd) or (seen and min(seen) > ttd_s) else Verdict.PASS
        )
    judged = [each for each in raised if each[2] <= DRAINED]
    false = [each for each in judged if each[2] < 0 or (each[2] > 5 + 15 and each[0] != "peer")]
    stuck = [each for each in judged if each[3] is None and each[1] == "gra" and each[0] != "peer"]
    truth, wrong = found["monitor-truth"], bool(false or stuck)
    assert (truth.measured["false_alarms"], truth.measured["never_cleared"]) == (len(false), len(stuck))
    assert truth.measured["true_alarms"] == len(judged) - len(false)
    away = blind[1] - 1 if blind else 0
    blinded = blind[0] if blind else ""
    assert truth.measured["blind_s"] == {f"{name}@gra": float(away * (name == blinded)) for name in MONITORS}
    unclear = Verdict.INCONCLUSIVE if away > 10 else Verdict.PASS
    assert truth.verdict is (Verdict.FAIL if wrong else unclear), truth.why


def _served_again_at_5_s() -> Story:
    story = bare()
    for number in range((END - BEGIN) * PER_SECOND):
        at = BEGIN + number / PER_SECOND
        story.uploads.append(Upload(number, at, [Attempt(at, at + (5 if 0 <= at < 5 else 0.05), site="gra")]))
    return story


def _cry(
    story: Story, alarms: dict[tuple[str, str], list[tuple[int, int | None]]]
) -> list[tuple[str, str, float, float | None]]:
    """Puts them on the timeline, one after the other from 6 s before the fault on; whose they are, begin and end."""
    raised: list[tuple[str, str, float, float | None]] = []
    for (name, site), planned in alarms.items():
        clear = -6.0
        for pause, length in planned:
            begin = clear + pause + 0.5
            end = None if length is None else begin + length
            story.event("alert", f"{name}@{site}", begin, state="raised", why="planted")
            raised.append((name, site, begin, end))
            if end is None:
                break
            story.event("alert", f"{name}@{site}", end, state="cleared", why="")
            clear = end
    return raised
