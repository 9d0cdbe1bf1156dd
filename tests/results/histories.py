"""Named changes to the story that passes, and the three stories of drills that ask for more: each is a tiny history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from results import run as runs
from tests.results.planted import RUN
from tests.results.story import FRA, PAGE, Attempt, Story, Upload, ns

PUBLIC, VOLUME = "public-public", "fra-volume"
History = Callable[[Story], object]


# what may become of any story


def without(kind: str, subject: str | None = None) -> History:
    return lambda story: story.without(kind, subject)


def objectives(**values: float) -> History:
    return lambda story: story.plan["objectives"].update(values)


def lose(story: Story, patients: set[int], *, volume: bool = True) -> None:
    """These patients' readings are missing at the survivor (and, unless `volume`, on the lost site's volume)."""
    for path in (PUBLIC, *(() if volume else (VOLUME,))):
        story.store(path, [row for row in story.stored[path] if int(row.patient[2:]) not in patients])


def upload_at(story: Story, seconds: float) -> Upload:
    return min(story.uploads, key=lambda upload: abs(upload.intended - seconds))


def never_back(story: Story) -> None:
    """The survivor never serves."""
    for upload in story.uploads:
        if upload.intended >= -0.05:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="connect-timeout")]


def slower_from(seconds: float, by: float, to: float = 99) -> History:
    """Readings intended from then on are acknowledged so much later."""

    def slow(story: Story) -> None:
        for upload in story.uploads:
            if seconds <= upload.intended < to:
                upload.attempts[-1].done += by

    return slow


def contact(story: Story, destination: str, at: float, count: int = 1, source: str = "203.0.113.10") -> None:
    story.contacts.append((ns(at), ns(at + 1), "site gra", source, destination, 443, "tcp", count))


def move_page(story: Story, kind: str, state: str, **times: float) -> None:
    """Move the page's events of that kind and state to `at`, or drop them."""
    own = [e for e in story.events if (e["kind"], e["subject"], e["data"].get("state")) == (kind, PAGE, state)]
    story.events = [e for e in story.events if e not in own]
    for event in own if "at" in times else []:
        story.event(kind, PAGE, times["at"], **event["data"])


def cried_wolf(story: Story) -> None:
    story.event("alert", "http@gra", -9, state="raised", why="cried wolf")
    story.event("alert", "http@gra", -8, state="cleared", why="")


# stories of other drills: each changes the story that passes, and passes


def calm(story: Story) -> None:
    """Isolation: every reading acknowledged after 50 to 60 ms by the site that was always there."""
    story.plan |= {"fault": {"name": "service-down", "takeover": "none"}, "checks": ["isolation"]}
    story.uploads = []
    for number in range(2000):
        at = -20 + number * 0.02
        story.uploads.append(Upload(number, at, [Attempt(at, at + 0.05 + 0.00001 * (number % 1000))]))


def bulk(first: int, done: float, outcome: str = "ok", site: str | None = "gra", count: int = 10) -> tuple[Any, ...]:
    """One attempt of the bulk of the events from `first` on."""
    taken = count if outcome == "ok" else None
    return (0, first, count, ns(done - 0.05), ns(done), outcome, taken, 0 if taken else None, site, None)


def action(number: int, received: float) -> dict[str, Any]:
    query = f"?idsite=1&dimension1=abcdef01-0-{number}&e_c=upload"
    return {"id": number, "received": ns(received), "kind": "event", "query": query}


def tools_lost(story: Story) -> None:
    """fra takes over from gra after 8 s (Matomo) and 9 s (Sentry); the bulk from 100 on had to be sent again."""
    story.plan |= {
        "fault": {"name": "site-loss", "site": "gra", "survivor": "fra", "takeover": "tools"},
        "checks": ["tools-takeover"],
        "objectives": {**story.plan["objectives"], "tools_rto_s": 15, "telemetry_lost": 0.05},
    }
    story.usage = [bulk(number, number / 10 - 11) for number in range(0, 100, 10)]
    story.usage += [bulk(100, 1, "info", None), bulk(100, 8, site="fra"), bulk(110, 9, site="fra")]
    story.telemetry = {
        ("matomo", "fra"): [action(number, -10 if number < 100 else 8) for number in range(120)],
        ("sentry", "fra"): [
            {"id": number, "received": ns(at), "kind": "check_in", "name": "monitors-fra"}
            for number, at in enumerate((-4, -2, 0, 9, 11, 13), 1)
        ],
    }


def circle(story: Story) -> None:
    """The way home: the lost site returns at 10 s, and is handed the service back at 12 s."""
    for phase in ("recovered", "drain"):
        story.without("phase", phase)
    for phase, begin, end in (
        *(("recovered", 5, 10), ("return", 10, 11.5), ("hand-over", 11.5, 14)),
        *(("home", 14, 19.9), ("drain", 19.9, 21)),
    ):
        story.event("phase", phase, begin, state="begin")
        story.event("phase", phase, end, state="end")
    story.without("fault.lifted")
    story.event("fault.lifted", "fra", 11)
    story.event("mirror", "fra", 11.4, state="follows")
    story.event("hand-over.command", "fra", 12)
    for step, at in (("check", 12.1), ("demote", 12.4), ("promote", 12.9), ("dns", 13), ("declare", 13.5)):
        story.event("hand-over.step", step, at, state="end", site="fra")
    for server in ("ns1", "ns2"):
        story.event("dns.authoritative", server, 13, answer=FRA, ttl=5)
    for upload in story.uploads:
        if 12.4 <= upload.intended < 13:
            retry = upload.intended + 0.7
            upload.attempts = [
                Attempt(upload.intended, upload.intended + 0.02, "fail", "gra", error="refused"),
                Attempt(retry, retry + 0.05),
            ]
        elif upload.intended >= 13:
            upload.attempts = [Attempt(upload.intended, upload.intended + 0.05)]
    story.plan["objectives"] |= {"hand_over_s": 1, "hand_over_late_ratio": 0.002, "rejoin_s": 5}
    story.plan["checks"] = ["failback", "split-brain", "data-loss", "recovery-time", "dns-convergence", "traffic-drain"]


STRANGER = "192.0.2.222"
KEEPERS, PHONES, EACH = 600, 120, 5


def without_class(story: Story, client: str) -> None:
    """Nobody of that class sent anything."""
    story.uploads = [upload for upload in story.uploads if upload.client != client]


def step(story: Story, name: str, state: str, at: float, **more: Any) -> None:
    story.event("takeover.step", name, at, state=state, site="gra", cluster="main", **more)


def asked(story: Story) -> None:
    """The DNS entry waits for somebody, who approves it after two seconds."""
    story.plan |= {"people": [{"step": "dns", "answers_s": 2}]}
    story.without("takeover.step", "dns")
    step(story, "dns", "waits", 1.5)
    step(story, "dns", "approved", 3.5, by="on-call", reason="as the runbook says")
    step(story, "dns", "begin", 3.6)
    step(story, "dns", "end", 4.0)


def herd(story: Story) -> None:
    """Everybody loses the connection at 0 s; those who keep theirs come back one after the other, within four seconds."""
    story.plan["load"]["classes"] = [
        {"name": "fresh", "share": 0.5, "resolver": "honest"},
        {"name": "keeper", "share": 0.5, "resolver": "honest", "keep_alive": True, "period_s": 5},
    ]
    story.plan["objectives"] |= {"reconnection_t95_s": 5, "reconnection_factor": 6}
    for upload in story.uploads:
        upload.attempts[0].connected = upload.attempts[0].at + 0.001  # what is sent again later is another matter
    for seq, begin in ((1, -5.0), (2, 0.0)):
        for number in range(KEEPERS):
            at = begin + number * 4 / KEEPERS
            new = begin == 0
            done = Attempt(at, at + 0.03, connection="new" if new else "reused", connected=at + 0.001 if new else None)
            story.uploads.append(Upload(1_000_000 + number, at, [done], seq, "keeper"))


def backlog(story: Story) -> None:
    """Phones without a network for ten seconds, five readings each, which then arrive one after the other."""
    story.plan["load"]["classes"] = [
        {"name": "fresh", "share": 0.5, "resolver": "honest"},
        {"name": "offline", "share": 0.5, "resolver": "honest", "offline_s": 10},
    ]
    story.plan["objectives"] |= {"backlog_t95_s": 6}
    for phone in range(PHONES):
        for seq in range(1, EACH + 1):
            at = -10 + phone / 60 + seq * 0.5
            done = Attempt(at, at + 0.05)
            story.uploads.append(Upload(2_000_000 + phone, -20 + seq * 1.5, [done], seq, "offline"))
    stored_as_acknowledged(story)


def stored_as_acknowledged(story: Story) -> None:
    """The final read holds what was acknowledged, and nothing else."""
    story.store(PUBLIC, story.rows_of([each for each in story.uploads if each.acknowledged], runs.tag(RUN)))
