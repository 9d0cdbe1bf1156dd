"""These monitors tell Sentry that they live: a check-in again and again, as a cron job would send it.

The real Sentry makes the monitor from the first check-in and raises an alarm of its own when they stay out; it counts in whole
minutes, so `monitors.sentry_checkins` of the other sites is quicker. A check-in says that something was looked at since the last
one: a process whose monitors all hang does not check in.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event

from monitors.exchange import Unanswered, exchange
from monitors.place import Place
from monitors.source import address, word
from targets.model import Sentry, Tools

PROJECT = "monitors"
_TYPE = "application/x-sentry-envelope"
_AGENT = "zweitherz-monitors"
_LONGEST_PAUSE_S = 60.0


def slug(site: str) -> str:
    """Name of the monitors of a site, as Sentry knows them."""
    return f"monitors-{site}"


class Dropped(OSError):
    """A check-in that did not arrive: one line. `pause_s`: for how long Sentry wants to hear nothing."""

    def __init__(self, why: str, pause_s: float = 0.0) -> None:
        super().__init__(why)
        self.pause_s = pause_s


class ThroughExchange(Transport):
    """Sends what the SDK has made through the place's resolver, to a server that the target's CA vouches for.

    (The SDK's own would ask the system's resolver, which does not work in another network namespace.)
    """

    def __init__(self, place: Place, tools: Tools, sentry: Sentry) -> None:
        """Raises NoSecret, BadTarget."""
        super().__init__()
        self._place = place
        self._address, base = address(sentry.url, tools)
        self.dsn = f"https://{word(sentry.key)}@{urlsplit(sentry.url).netloc}{base}/{sentry.projects[PROJECT]}"
        self._auth = sentry_sdk.utils.Dsn(self.dsn).to_auth(_AGENT)
        self._path = urlsplit(self._auth.get_api_url()).path

    def capture_envelope(self, envelope: Envelope) -> None:
        """Raises Dropped."""
        headers = {"Content-Type": _TYPE, "X-Sentry-Auth": self._auth.to_header(), "User-Agent": _AGENT}
        try:
            answer = exchange(self._place, self._address, "POST", self._path, headers, envelope.serialize())
        except Unanswered as error:
            raise Dropped(str(error)) from error
        if answer.status != 200:
            wait = answer.headers.get("retry-after", "")
            raise Dropped(f"status {answer.status}", min(_LONGEST_PAUSE_S, float(wait)) if wait.isdigit() else 0.0)


class CheckIns:
    """Sends them from the thread that calls `run`, and waits for nothing but that thread's own exchange."""

    def __init__(self, place: Place, tools: Tools, sentry: Sentry, site: str) -> None:
        """Raises NoSecret, BadTarget."""
        transport = ThroughExchange(place, tools, sentry)
        self._client = sentry_sdk.Client(
            transport.dsn,
            transport=transport,
            release=_AGENT,
            environment=place.target.environment,
            server_name=slug(site),
            default_integrations=False,  # they would reach into this process: hooks, patched libraries
            auto_enabling_integrations=False,
            send_client_reports=False,
            enable_backpressure_handling=False,
        )
        self._slug, self._period_s = slug(site), sentry.check_in_s

    def send(self) -> None:
        """One check-in. Raises Dropped."""
        event: Event = {
            "type": "check_in",
            "monitor_slug": self._slug,
            "check_in_id": uuid.uuid4().hex,
            "status": "ok",
            "monitor_config": {
                "schedule": {"type": "interval", "value": 1, "unit": "minute"},  # the shortest that Sentry knows
                "checkin_margin": 1,
                "max_runtime": 1,
                "failure_issue_threshold": 1,
                "recovery_threshold": 1,
            },
        }
        self._client.capture_event(event)

    def run(self, heartbeat: Callable[[], float], count: Callable[[str], None], ending: threading.Event) -> None:
        """Until `ending`. `heartbeat` changes with every look; `count` is told what became of each check-in."""
        seen, due = 0.0, time.monotonic()
        while not ending.is_set():
            pause_s, beat = 0.0, heartbeat()
            if beat == seen:
                count("withheld")
            else:
                try:
                    self.send()
                    count("sent")
                except Dropped as error:
                    pause_s = error.pause_s
                    count("dropped")
            seen = beat
            due = max(due + self._period_s, time.monotonic() + pause_s)
            ending.wait(due - time.monotonic())
