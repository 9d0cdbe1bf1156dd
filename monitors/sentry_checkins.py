"""Do the monitors of the other sites still check in? As Sentry saw it, which is another way than `monitors.peer`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from monitors.check_in import slug
from monitors.look import GRACE_S, Look
from monitors.place import Place
from monitors.source import Page, Unreadable, of_sentry, time_of
from targets.model import Sentry, Tools

PERIODS = 3
_NO_SUCH_MONITOR = 404  # Sentry makes a monitor with its first check-in


class SentryCheckIns:
    """Fails when the newest check-in of another site is older than three of its periods, by Sentry's own clock.

    Both times, of the check-in and of now (header ``Date``), are Sentry's: our wall clock may be seconds off, and when it is
    stepped a living peer would look dead. ``Date`` has whole seconds, so an age may be up to one second too small.
    """

    name, period_s = "sentry-checkins", 2.0

    def __init__(
        self,
        place: Place,
        tools: Tools,
        sentry: Sentry,
        others: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`others`: the sites whose monitors should check in. Raises NoSecret, BadTarget."""
        self._source = of_sentry(place, tools, sentry)
        self._organization, self._oldest_s = sentry.organization, PERIODS * sentry.check_in_s
        self._others, self._clock = tuple(others), clock
        self._begun = clock()

    def look(self) -> Look:
        silent, waiting, ages = list[str](), list[str](), dict[str, float]()
        for site in self._others:
            try:
                age = self._age_s(site)
            except Unreadable as error:
                return Look(ok=False, blind=True, why=str(error))
            if age is not None:
                ages[site] = age
            if age is None or age > self._oldest_s:
                (silent if self._clock() - self._begun > GRACE_S else waiting).append(site)
        figures = {"check_in_age_s": max(ages.values())} if ages else {}
        if silent:
            shown = ", ".join(
                f"{site} for {ages[site]:.0f} s" if site in ages else f"{site} not at all" for site in silent
            )
            return Look(ok=False, why=f"no check-in: {shown} (limit {self._oldest_s:g} s)", figures=figures)
        return Look(ok=True, why=f"waiting for the first of {', '.join(waiting)}" if waiting else "", figures=figures)

    def _age_s(self, site: str) -> float | None:
        """Of that site's newest check-in; None: there is none. Raises Unreadable."""
        path = f"/api/0/organizations/{self._organization}/monitors/{slug(site)}/checkins/"
        try:
            page = self._source.get(path, {"per_page": "1"})
        except Unreadable as error:
            if error.status == _NO_SUCH_MONITOR:
                return None
            raise
        newest = _newest(page)
        return None if newest is None else max(0.0, (time_of(page) - newest).total_seconds())


def _newest(page: Page) -> datetime | None:
    """Time of the first check-in of a page: the newest comes first. Raises Unreadable."""
    if not isinstance(page.content, list):
        raise Unreadable("answer: no list of check-ins")
    try:
        return datetime.fromisoformat(str(page.content[0]["dateCreated"])).astimezone() if page.content else None
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(f"answer: not as Sentry shows a check-in ({type(error).__name__})") from error
