"""The patients' app reports its use to Matomo as a phone does: noted at once, sent in bulk, kept while it cannot be sent.

::

    sender ── note ──> [ queue, oldest dropped when full ] ── bulk of at most 500 ──> POST /matomo.php
                                                                  └── kept, sent again as it is, until it is acknowledged

A thread of its own sends; the sender only ever appends to a deque. Delivery is at least once: a bulk whose end nobody knows is
sent again, with the same numbers. Every attempt of a bulk is a row of `results.schema.USAGE`.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass

from loadtests.https_line import HttpsLine, Reply, honest_resolver
from loadtests.order import Order
from loadtests.outcome import REFUSED
from loadtests.usage_event import Encoder, Noted
from results.clock import Clock
from results.row_log import RowWriter
from targets.model import Matomo, Target

QUEUE_LIMIT = 50_000
BULK = 500
_EVERY_S = 1.0
_BEHIND_S = 0.1  # a queue that holds whole bulks is emptied faster than it fills, and still not in one burst
_BACKOFF_BASE_S, _BACKOFF_CAP_S = 0.5, 5.0
_AGENT = "VitalsApp/1 (Android 15; Mobile)"  # Matomo takes libraries for robots and leaves them out


@dataclass(frozen=True)
class Bulk:
    """Events with consecutive numbers from `first` on, as they are sent."""

    first: int
    count: int
    body: bytes


@dataclass
class Account:
    """Where every event is: ``noted = acknowledged + invalid + waiting + dropped``.

    invalid  answered, but not tracked; not sent again
    waiting  still kept; what was sent of it is stored or not, nobody knows
    dropped  the queue was full
    bulks    attempts to send one; `failed`: of these without an acknowledgement
    """

    noted: int = 0
    acknowledged: int = 0
    invalid: int = 0
    waiting: int = 0
    dropped: int = 0
    bulks: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Judged:
    """What an attempt of a bulk means. `outcome` as in `results.schema.USAGE`; None: the answer did not say."""

    outcome: str
    error: str
    tracked: int | None = None
    invalid: int | None = None


class UsageReporter:
    """Reports for all patients of one sender."""

    def __init__(
        self,
        order: Order,
        matomo: Matomo,
        line: HttpsLine,
        queue_limit: int = QUEUE_LIMIT,
        every_s: float = _EVERY_S,
    ) -> None:
        self._worker, self._line, self._every_s = order.worker, line, every_s
        self._encoder = Encoder(matomo.site, order.tag, order.worker)
        self._queue: deque[Noted] = deque(maxlen=queue_limit)
        self._noted = 0
        self._ahead: Noted | None = None
        self._bulk: Bulk | None = None
        self._failures = 0  # of the bulk at hand, one after the other
        self._account = Account()
        self._rows = RowWriter(order.run, "usage", f"loadtests-{order.worker}")
        self._random = random.Random()  # noqa: S311 - jitter, not a secret
        self._ending = threading.Event()
        self._until = float("inf")
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def note(self, op: int, client: str, error: str, t_intended: int, t_begun: int, t_done: int) -> None:
        """An attempt has ended: "" or its error class, times in ns. Never waits."""
        self._queue.append(Noted(self._noted, op, client, error, t_intended, t_begun, t_done))
        self._noted += 1

    def finish(self, within_s: float = 5.0) -> Account:
        """Send what can be sent in that time, at the most one exchange longer, and say where every event is."""
        self._until = time.monotonic() + within_s
        self._ending.set()
        self._thread.join(within_s + self._line.patience_s)
        account = self._account
        account.noted = self._noted
        account.waiting = len(self._queue) + (self._ahead is not None) + (self._bulk.count if self._bulk else 0)
        account.dropped = account.noted - account.acknowledged - account.invalid - account.waiting
        return account

    # the thread

    def _run(self) -> None:
        while True:
            if self._bulk is None:
                self._bulk = self._take()
            if self._bulk is not None:
                self._deliver(self._bulk)
            if self._ending.is_set() and (time.monotonic() >= self._until or not self._anything()):
                break
            self._pause()
        self._line.close()
        self._rows.close()

    def _anything(self) -> bool:
        return bool(self._bulk or self._ahead or self._queue)

    def _take(self) -> Bulk | None:
        """The oldest events, as many as have consecutive numbers: where some were dropped in between, a new bulk begins."""
        events: list[Noted] = []
        if self._ahead is not None:
            events.append(self._ahead)
            self._ahead = None
        while len(events) < BULK:
            try:
                event = self._queue.popleft()
            except IndexError:
                break
            if events and event.number != events[-1].number + 1:
                self._ahead = event
                break
            events.append(event)
        return Bulk(events[0].number, len(events), self._encoder.bulk(events)) if events else None

    def _deliver(self, bulk: Bulk) -> None:
        reply = self._line.post("/matomo.php", bulk.body, self._until)
        judged = judge(reply, bulk.count)
        account = self._account
        account.bulks += 1
        self._rows.append(
            *(self._worker, bulk.first, bulk.count, reply.t_sent or None, reply.t_done, judged.outcome),
            *(judged.tracked, judged.invalid, reply.headers.get("serving-site") or None, judged.error or None),
        )
        self._rows.flush()
        if judged.outcome != "ok" or judged.tracked is None:
            account.failed += 1
            self._failures += 1
            return
        refused = bulk.count - judged.tracked
        if refused and not account.invalid:
            print(
                f"usage: Matomo did not track {refused} of {bulk.count} events from number {bulk.first} on (limit 0); "
                "more of them are counted, not told",
                file=sys.stderr,
                flush=True,
            )
        account.acknowledged += judged.tracked
        account.invalid += refused
        self._bulk, self._failures = None, 0

    def _pause(self) -> None:
        """Until it is time for the next attempt. Back-off is exponential with full jitter (as in `loadtests.device`)."""
        if self._failures:
            limit = min(_BACKOFF_CAP_S, _BACKOFF_BASE_S * 2.0 ** min(self._failures - 1, 30))
            pause = self._random.uniform(0, limit)
        elif self._ending.is_set():
            return
        else:
            pause = _BEHIND_S if len(self._queue) >= BULK else self._every_s
        if self._ending.is_set():
            time.sleep(max(0.0, min(pause, self._until - time.monotonic())))
        else:
            self._ending.wait(pause)


def judge(reply: Reply, sent: int) -> Judged:
    """What the end of an attempt to send so many events means: stored, certainly not stored, or nobody knows."""
    if reply.error:
        return Judged("info" if reply.t_sent else "fail", reply.error)
    tracked, invalid = _counts(reply.body)
    if reply.status == 200:
        if tracked is None or tracked > sent:
            return Judged("info", "unverifiable", tracked, invalid)
        return Judged("ok", "", tracked, invalid)
    certain = reply.status in REFUSED and not tracked
    return Judged("fail" if certain else "info", f"http-{reply.status}", tracked, invalid)


def _counts(body: bytes) -> tuple[int | None, int | None]:
    """``tracked`` and ``invalid`` of an answer; None where it does not say."""
    try:
        said = json.loads(body)
    except ValueError:
        return None, None
    if not isinstance(said, dict):
        return None, None
    tracked, invalid = (said.get(name) for name in ("tracked", "invalid"))
    return tracked if _is_count(tracked) else None, invalid if _is_count(invalid) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def open_usage(order: Order, target: Target, clock: Clock) -> UsageReporter | None:
    """A reporter at work, where the target has a Matomo and the plan wants its app to report."""
    tools = target.tools
    if tools is None or tools.matomo is None or not order.plan.load.usage:
        return None
    line = HttpsLine(tools.matomo.url, tools.ca_file, honest_resolver(target), clock, _AGENT)
    reporter = UsageReporter(order, tools.matomo, line)
    reporter.start()
    return reporter
