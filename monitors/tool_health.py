"""Do the tools themselves answer? What reads them is blind without them, so their absence needs an alarm of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from monitors.look import Look
from monitors.place import Place
from monitors.source import Reports, Unreadable, answered, of_prometheus, of_sentry
from targets.model import Tools

Kind = Literal["sentry", "matomo", "prometheus"]


class ToolHealth:
    """Fails when the tool does not give a right answer to an easy question, asked with our token."""

    period_s = 1.0

    def __init__(self, place: Place, tools: Tools, kind: Kind) -> None:
        """The target must have that tool. Raises NoSecret, BadTarget."""
        self.name: str = kind
        self._ask = _question(place, tools, kind)

    def look(self) -> Look:
        begun = time.monotonic()
        try:
            self._ask()
        except Unreadable as error:
            return Look(ok=False, why=str(error))
        return Look(ok=True, figures={"latency_ms": (time.monotonic() - begun) * 1000})


def _question(place: Place, tools: Tools, kind: Kind) -> Callable[[], None]:
    """Returns when the answer is right. Raises Unreadable."""
    if kind == "sentry" and tools.sentry is not None:
        web = of_sentry(place, tools, tools.sentry)
        path = f"/api/0/organizations/{tools.sentry.organization}/issues/"
        return lambda: _be(list, web.get(path, {"per_page": "1"}).content)
    if kind == "matomo" and tools.matomo is not None:
        reports = Reports(place, tools, tools.matomo)
        return lambda: _be(dict, reports.call("API.getMatomoVersion"))
    if kind == "prometheus" and tools.prometheus is not None:
        api = of_prometheus(place, tools, tools.prometheus)
        return lambda: _be(dict, answered(api.get("/api/v1/query", {"query": "vector(1)"}).content))
    raise KeyError(f"tools.{kind}: the target has none")


def _be(kind: type, content: object) -> None:
    if not isinstance(content, kind):
        raise Unreadable("answer: not what was asked for")
