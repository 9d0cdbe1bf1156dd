"""Counts the errors that Sentry has of the service: new events of all its issues since the last look."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitors.look import Look
from monitors.place import Place
from monitors.source import Page, Unreadable, of_sentry, time_of
from targets.model import Sentry, Tools

LIMIT_PER_MIN = 30.0
_LEAST = 5  # fewer new events are no news, however short the time between two looks
_ERRORS = frozenset({"error", "fatal"})
_TYPE = re.compile(r"[\w.]+")


@dataclass(frozen=True)
class Issue:
    """`count`: its events so far; `kind`: the type of its exception, empty without one (a message may name a patient)."""

    number: str
    project: str
    level: str
    count: int
    first_seen: datetime
    kind: str


class SentryIssues:
    """Fails when more than `limit` new error events a minute came since the last look, at least five of them.

    An issue that somebody has resolved or archived is not counted until Sentry opens it again: that is its default query.
    """

    name, period_s = "sentry-issues", 2.0

    def __init__(
        self,
        place: Place,
        tools: Tools,
        sentry: Sentry,
        limit: float = LIMIT_PER_MIN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds that never go back. Raises NoSecret, BadTarget."""
        self._source = of_sentry(place, tools, sentry)
        self._path = f"/api/0/organizations/{sentry.organization}/issues/"
        self._project = str(sentry.projects[place.target.service.name])
        self._limit, self._clock = limit, clock
        self._counts: dict[str, int] = {}
        self._last: tuple[float, datetime] | None = None  # of the last look that saw: our clock, and Sentry's

    def look(self) -> Look:
        now = self._clock()
        try:
            new, server_time = self._read()
        except Unreadable as error:
            return Look(ok=False, blind=True, why=str(error))
        last, self._last = self._last, (now, server_time)
        if last is None:
            return Look(ok=True, why="first look: new errors count from here on")
        count = sum(new.values())
        rate = count * 60 / max(now - last[0], 1e-3)
        figures = {"errors": float(count), "errors_per_min": rate}
        if count >= _LEAST and rate > self._limit:
            most = max(new, key=lambda kind: new[kind])
            why = f"{count} new errors, {rate:.0f} a minute (limit {self._limit:g})" + (
                f", most: {most}" if most else ""
            )
            return Look(ok=False, why=why, figures=figures)
        return Look(ok=True, figures=figures)

    def _read(self) -> tuple[dict[str, int], datetime]:
        """New events by their kind, and the time of Sentry when it began to answer. Raises Unreadable."""
        counts, new = dict(self._counts), dict[str, int]()
        server_time: datetime | None = None
        for page in self._source.pages(self._path, {"project": self._project, "sort": "date", "per_page": "100"}):
            server_time = server_time or time_of(page)
            unchanged = False
            for issue in issues(page):
                if issue.project != self._project or issue.level not in _ERRORS:
                    continue
                more = self._more(issue)
                counts[issue.number] = issue.count
                if more:
                    new[issue.kind] = new.get(issue.kind, 0) + more
                unchanged = not more
            if unchanged and self._last is not None:
                break  # newest first: what follows has not changed either
        if server_time is None:
            raise Unreadable("answer: no page")
        self._counts = counts
        return new, server_time

    def _more(self, issue: Issue) -> int:
        """Its events since the last look. An issue that we have not seen may be an old one: then one event at least is new."""
        if self._last is None:
            return 0
        if issue.number in self._counts:
            # fewer than before: events were deleted, or a mirror has taken over that lacks some
            return max(0, issue.count - self._counts[issue.number])
        return issue.count if issue.first_seen >= self._last[1] else 1


def issues(page: Page) -> list[Issue]:
    """Of one page. Raises Unreadable."""
    if not isinstance(page.content, list):
        raise Unreadable("answer: no list of issues")
    try:
        return [_issue(each) for each in page.content]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unreadable(f"answer: not as Sentry shows an issue ({type(error).__name__})") from error


def _issue(shown: dict[str, Any]) -> Issue:
    kind = str(shown.get("title", "")).partition(":")[0]
    return Issue(
        number=str(shown["id"]),
        project=str(shown["project"]["id"]),
        level=str(shown.get("level", "error")),
        # of all time: the plain count may be that of the asked period, which slides
        count=int((shown.get("lifetime") or shown)["count"]),
        first_seen=datetime.fromisoformat(str(shown["firstSeen"])).astimezone(),
        kind=kind if _TYPE.fullmatch(kind) else "",
    )
