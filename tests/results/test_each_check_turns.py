"""A check that has only ever been green is no evidence: each turns green, red (twice at least) and inconclusive.

The table of tiny histories has a row for every check there is; a new one without its row fails here. What each check says beyond
that is in tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from results import run as runs
from results.canaries import display_name
from results.checks import CHECKS
from results.finding import Verdict
from tests.results.histories import (
    PUBLIC,
    STRANGER,
    History,
    asked,
    backlog,
    calm,
    circle,
    contact,
    cried_wolf,
    herd,
    lose,
    move_page,
    never_back,
    objectives,
    slower_from,
    tools_lost,
    upload_at,
    without,
    without_class,
)
from tests.results.planted import RUN, findings
from tests.results.story import FRA, GRA, Attempt, Row, Story, green, ns

_TWICE = 2


def as_it_is(story: Story) -> None:
    """The story that passes, unchanged."""


@dataclass(frozen=True)
class Turns:
    """Histories by name: what turns a check red, what leaves it open. `begin` makes the story that passes it of the usual one.

    `never_red` says why a check knows no red at all.
    """

    red: dict[str, History]
    unclear: dict[str, History]
    begin: History = as_it_is
    never_red: str = ""


# what is done to a story


def _each(*steps: History) -> History:
    return lambda story: [step(story) for step in steps]


def _journal(*path: str | int, value: object) -> History:
    """Another value in Chaos Toolkit's journal."""

    def change(story: Story) -> None:
        place: object = story.journal
        for part in path[:-1]:
            place = place[part]  # type: ignore[index]
        place[path[-1]] = value  # type: ignore[index]

    return change


def _twice(*, key_too: bool) -> History:
    def store(story: Story) -> None:
        row = story.stored[PUBLIC][10]
        copy = Row(row.key if key_too else f"{row.key}0", row.patient, row.seq, row.digest, 99_999)
        story.store(PUBLIC, [*story.stored[PUBLIC], copy])

    return store


def _served_by(site: str, begin: float, end: float, every: int = 1, outcome: str = "ok") -> History:
    """So many of the readings of that time were sent to a site, and ended like that."""

    def serve(story: Story) -> None:
        for upload in [each for each in story.uploads if begin <= each.intended < end][::every]:
            took = 0.05 if outcome == "ok" else 1
            error = "" if outcome == "ok" else "connect-timeout"
            upload.attempts = [Attempt(upload.intended, upload.intended + took, outcome, site, error=error)]

    return serve


def _only(condition: Callable[[float], bool]) -> History:
    """Only readings that were intended then."""
    return lambda story: setattr(story, "uploads", [each for each in story.uploads if condition(each.intended)])


def _samples(keep: Callable[[tuple[object, ...]], bool]) -> History:
    return lambda story: setattr(story, "samples", [each for each in story.samples if keep(each)])


def _answers(answer: str) -> History:
    return lambda story: setattr(story, "lookups", [(*row[:7], answer, *row[8:]) for row in story.lookups])


def _readback(**data: object) -> History:
    return lambda story: [each["data"].update(data) for each in story.events if each["kind"] == "readback"]


def _planted(sink: str, site: str, **line: object) -> History:
    return lambda story: story.telemetry[sink, site].append({"id": 9, "received": ns(1), "kind": "event", **line})


_NAME = display_name(runs.tag(RUN), 12)
_UNREAD = {"no final read": without("readback"), "a read that is not whole": _readback(complete=False)}
_NO_FAULT = {"no receipt of the fault": without("fault.receipt")}

TURNS: dict[str, Turns] = {
    "injection-receipt": Turns(
        red={},
        never_red="a fault that did not happen proves nothing, neither good nor bad",
        unclear={
            "an order without effect": without("fault.receipt"),
            "no order": _each(without("fault.command"), without("fault.receipt")),
        },
    ),
    "journal": Turns(
        red={
            "a rollback that failed": _journal("rollbacks", 0, "status", value="failed"),
            "a rollback that was cut off": _journal("rollbacks", 0, "status", value="aborted"),
        },
        unclear={
            "an action that raised": _journal("run", 0, "status", value="failed"),
            "no journal": lambda story: setattr(story, "journal", None),
        },
    ),
    "generator-health": Turns(
        red={},
        never_red="a generator that was the bottleneck says nothing about the service",
        unclear={
            "late attempts": lambda story: [setattr(each.attempts[0], "late", 0.3) for each in story.uploads[::20]],
            "half of the rate": lambda story: setattr(story, "uploads", story.uploads[::2]),
        },
    ),
    "recovery-time": Turns(
        red={"never back": never_back, "back too late": objectives(rto_s=4.9)},
        unclear={"watched too briefly": _each(never_back, objectives(rto_s=60)), **_NO_FAULT},
    ),
    "data-loss": Turns(
        red={
            "acknowledged and gone": lambda story: lose(story, {upload_at(story, -3).patient}),
            "acknowledged after the fault and gone": lambda story: lose(story, {upload_at(story, 12).patient}),
            "a row that nobody sent": lambda story: story.store(
                PUBLIC, [*story.stored[PUBLIC], Row("other-run-1", "p-000001", 1, 1, 9999)]
            ),
        },
        unclear={**_UNREAD, **_NO_FAULT, "too few at risk": objectives(at_risk_writes=251)},
    ),
    "duplicates": Turns(
        red={"one key twice": _twice(key_too=True), "one reading under two keys": _twice(key_too=False)},
        unclear={**_UNREAD, "an empty read": lambda story: story.store(PUBLIC, [])},
    ),
    "corruption": Turns(
        red={
            "another digest": lambda story: setattr(story.stored[PUBLIC][10], "digest", 1),
            "another patient": lambda story: setattr(story.stored[PUBLIC][10], "patient", "p-009999"),
        },
        unclear={**_UNREAD, "an empty read": lambda story: story.store(PUBLIC, [])},
    ),
    "authenticity": Turns(
        red={
            "a stranger thanked once": lambda story: setattr(story.uploads[-4].attempts[-1], "address", STRANGER),
            "a stranger thanked everybody": lambda story: [
                setattr(each.attempts[-1], "address", STRANGER) for each in story.uploads if each.intended > 7
            ],
        },
        unclear={
            "nobody followed the wrong entry": lambda story: story.plan.update(
                fault={"name": "dns-wrong", "takeover": "none"}
            ),
            "nobody thanked": _served_by("fra", -99, 99, outcome="fail"),
        },
    ),
    "split-brain": Turns(
        red={
            "the lost site wrote on": _served_by("fra", 15, 15.1),
            "two promotions": lambda story: story.event("takeover.step", "promote", 9, state="end", site="fra"),
        },
        unclear={"nobody wrote": _only(lambda at: at < -1), **_NO_FAULT},
    ),
    "failback": Turns(
        begin=circle,
        red={
            "never a mirror again": without("mirror"),
            "too long without an acknowledgement": objectives(hand_over_s=0.1),
            "a step that failed": lambda story: story.event("hand-over.step", "dns", 13.2, state="failed", why="no"),
        },
        unclear={"never handed back": without("hand-over.command"), "not seen to end": without("hand-over.step")},
    ),
    "people": Turns(
        begin=asked,
        red={
            "nobody was asked": lambda story: setattr(
                story, "events", [e for e in story.events if e["data"].get("state") not in ("waits", "approved")]
            ),
            "nobody ever approved": lambda story: setattr(
                story, "events", [e for e in story.events if e["subject"] != "dns" or e["data"].get("state") == "waits"]
            ),
        },
        unclear={"never came to it": without("takeover.step", "dns"), **_NO_FAULT},
    ),
    "dns-convergence": Turns(
        red={
            "a server that never changed": without("dns.authoritative", "ns2"),
            "a resolver that kept the old answer": _answers(FRA),
        },
        unclear={"nobody asked": lambda story: setattr(story, "lookups", story.lookups[:100]), **_NO_FAULT},
    ),
    "traffic-drain": Turns(
        red={
            "one in five stayed": _served_by("fra", 6, 99, every=5, outcome="fail"),
            "moved too late": objectives(drain_t95_s=0.5),
        },
        unclear={"a class that sent nothing": _only(lambda at: at < -1), **_NO_FAULT},
    ),
    "latency-slo": Turns(
        red={"slow before the fault": slower_from(-99, 0.5, to=-5), "slow at the survivor": slower_from(6, 0.5)},
        unclear={"a handful of readings": lambda story: setattr(story, "uploads", story.uploads[::40]), **_NO_FAULT},
    ),
    "availability-slo": Turns(
        red={
            "never back": never_back,
            "never left the device": lambda story: [
                setattr(each, "attempts", []) for each in story.uploads if each.intended > 10
            ],
        },
        unclear={
            "nothing intended": _only(lambda at: at < -18.5),
            "a sender that died": lambda story: story.event("generator", "sender-1", -20, state="begin"),
        },
    ),
    "isolation": Turns(
        begin=calm,
        red={"late readings": slower_from(4, 5, to=4.2), "slower readings": slower_from(0, 0.03)},
        unclear={"too few readings": _only(lambda at: at < -1), **_NO_FAULT},
    ),
    "reconnection": Turns(
        begin=herd,
        red={
            "back too late": objectives(reconnection_t95_s=2),
            "too many at once": objectives(reconnection_factor=1.1),
        },
        unclear={"nobody kept a connection": lambda story: without_class(story, "keeper"), **_NO_FAULT},
    ),
    "backlog": Turns(
        begin=backlog,
        red={
            "one never arrived": lambda story: setattr(story.uploads[-4].attempts[0], "outcome", "info"),
            "arrived too late": objectives(backlog_t95_s=1),
        },
        unclear={"nothing was kept": lambda story: without_class(story, "offline")},
    ),
    "monitor-detection": Turns(
        red={"one stayed silent": without("alert", "transaction@gra"), "noticed too late": objectives(monitor_ttd_s=2)},
        unclear={"nobody looked": _samples(lambda each: each[1] != "monitors"), **_NO_FAULT},
    ),
    "monitor-truth": Turns(
        red={
            "cried wolf": cried_wolf,
            "a takeover without need": lambda story: story.plan.update(fault={"takeover": "none"}),
        },
        unclear={
            "nobody looked": _samples(lambda each: each[1] != "monitors"),
            "blind for long": _samples(lambda each: each[2] != "http@gra" or not ns(7) < each[0] < ns(19)),
        },
    ),
    "alert-delivery": Turns(
        red={
            "never fired": lambda story: [move_page(story, "rule", "firing"), move_page(story, "delivery", "firing")],
            "delivered to nobody": lambda story: move_page(story, "delivery", "firing"),
            "no heartbeat": without("delivery", "Heartbeat"),
        },
        unclear={"no Prometheus was read": without("prometheus"), **_NO_FAULT},
    ),
    "tools-takeover": Turns(
        begin=tools_lost,
        red={
            "taken again too late": objectives(tools_rto_s=8.5),
            "acknowledged reports gone": lambda story: story.telemetry.update(
                {("matomo", "fra"): story.telemetry["matomo", "fra"][10:]}
            ),
        },
        unclear={"nobody read Matomo": lambda story: story.telemetry.pop(("matomo", "fra")), **_NO_FAULT},
    ),
    "privacy": Turns(
        red={
            "a name in Sentry": _planted("sentry", "gra", payload=f'{{"value": "no chart for {_NAME}"}}'),
            "a patient in a log": lambda story: story.logs.update({"locust.log": "p-000012\n"}),
        },
        unclear={
            "Sentry was not read": without("collected", "sentry@gra"),
            "nothing of ours in Matomo": lambda story: story.telemetry.update({("matomo", "gra"): []}),
        },
    ),
    "residency": Turns(
        red={
            "a contact abroad": lambda story: contact(story, "192.0.2.240", 7),
            "a contact with nobody knows whom": lambda story: contact(story, "8.8.8.8", 7),
        },
        unclear={
            "nobody recorded contacts": without("collected", "contacts"),
            "a blind recorder": lambda story: setattr(
                story, "contacts", [each for each in story.contacts if each[4] != GRA]
            ),
        },
    ),
    "cleanliness": Turns(
        red={
            "an inverse still owed": lambda story: story.undo.pop(),
            "something left behind": lambda story: story.event("tidy", "run", 26, left_behind=["process 42: haproxy"]),
        },
        unclear={"nobody looked": without("tidy"), "nobody saw it lifted": without("fault.lifted")},
    ),
}
_ROWS = [
    pytest.param(check, history, verdict, id=f"{check}: {verdict}: {name}")
    for check, turns in TURNS.items()
    for verdict, histories in ((Verdict.FAIL, turns.red), (Verdict.INCONCLUSIVE, turns.unclear))
    for name, history in histories.items()
]


def test_every_check_has_its_histories() -> None:
    assert list(TURNS) == list(CHECKS)
    for check, turns in TURNS.items():
        assert bool(turns.red) != bool(turns.never_red), f"{check}: red histories, or why there are none"
        assert len(turns.red) >= _TWICE or turns.never_red, f"{check}: {len(turns.red)} histories turn it red"
        assert turns.unclear, f"{check}: no history leaves it open"


def test_the_story_that_passes_turns_every_check_green() -> None:
    of_the_usual = [check for check, turns in TURNS.items() if turns.begin is as_it_is]
    found = findings(_begun(as_it_is), *of_the_usual)
    assert {each.name: each.why for each in found.values() if each.verdict is not Verdict.PASS} == {}


@pytest.mark.parametrize("check", [check for check, turns in TURNS.items() if turns.begin is not as_it_is])
def test_checks_of_other_drills_turn_green_in_a_story_of_their_own(check: str) -> None:
    found = findings(_begun(TURNS[check].begin), check)[check]
    assert found.verdict is Verdict.PASS, found.why


@pytest.mark.parametrize(("check", "history", "verdict"), _ROWS)
def test_a_check_turns(check: str, history: History, verdict: Verdict) -> None:
    story = _begun(TURNS[check].begin)
    history(story)
    found = findings(story, check)[check]
    assert found.verdict is verdict, found.why
    assert found.why


def _begun(begin: History) -> Story:
    """The story that passes, with every second of its readings: small, and enough for every check."""
    story = green(Path(RUN))
    begin(story)
    kept = story.uploads[::2]
    patients = {each.patient for each in kept}
    story.uploads = kept
    for path, rows in story.stored.items():
        story.store(path, [row for row in rows if int(row.patient[2:]) in patients])
    story.plan["load"]["rate"] /= 2
    story.plan["objectives"]["at_risk_writes"] //= 2
    return story
