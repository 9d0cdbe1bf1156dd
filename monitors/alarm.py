"""When a monitor raises an alarm, and when it clears it.

Raised after `FAILURES` failed looks in a row, if the monitor's place has been seen to reach the outside *since the last of
these began*: a monitor whose own network is cut sees everything down, and must say "blind", not "down". What failed while it was
cut off does not count afterwards either. Cleared by the first good look. A look whose source did not answer changes nothing:
it neither raises nor clears, and does not count.
The expected time to detect, with period p, k failures, pause d between them and patience o, is p/2 + (k - 1) d + o; d is p but
for monitors that look again sooner (`look.Doubting`).
"""

from __future__ import annotations

from dataclasses import dataclass

from monitors.look import Look

FAILURES = 2


@dataclass
class Alarm:
    """The state of one monitor's alarm. Times in ns, of when a look was begun."""

    raised: bool = False
    failing_since: int | None = None
    failures: int = 0
    enough_since: int | None = None  # begin of the look with which there were enough failures

    def take(self, begun_ns: int, look: Look, outside_seen_ns: int, outside_since_ns: int = 0) -> str | None:
        """``raised`` or ``cleared`` when this look changes the alarm.

        `outside_seen_ns`: begin of the last look that got out; `outside_since_ns`: since when the place has been getting out.
        """
        if look.blind:
            return None
        if look.ok:
            was, self.raised = self.raised, False
            self._forget()
            return "cleared" if was else None
        if not self.raised and self.failing_since is not None and self.failing_since < outside_since_ns:
            self._forget()
        if not self.raised and begun_ns < outside_since_ns:
            return None
        if self.failing_since is None:
            self.failing_since = begun_ns
        self.failures += 1
        if self.failures == FAILURES:
            self.enough_since = begun_ns
        return self.prove(outside_seen_ns, outside_since_ns)

    @property
    def unproven_since(self) -> int | None:
        """Begin of the look that only lacks the proof of a way out; None: nothing is waited for."""
        return None if self.raised else self.enough_since

    @property
    def doubts(self) -> bool:
        """Some looks failed, but not enough yet: the next one decides."""
        return not self.raised and self.failing_since is not None and self.enough_since is None

    def prove(self, outside_seen_ns: int, outside_since_ns: int = 0) -> str | None:
        """``raised`` when enough looks failed, and the place got out after the last of these and since before the first."""
        if self.raised or self.enough_since is None or outside_seen_ns < self.enough_since:
            return None
        if self.failing_since is None or self.failing_since < outside_since_ns:
            return None
        self.raised = True
        return "raised"

    def _forget(self) -> None:
        self.failing_since, self.failures, self.enough_since = None, 0, None
