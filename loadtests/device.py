"""What a patient's device does with its readings: it keeps them, sends one at a time, and tries again.

A device holds its readings in order. The first of them is under way or waits out its back-off; the others wait behind it, as
in a phone's upload queue. Back-off is exponential with full jitter (Brooker, AWS Architecture Blog 2015):
``delay = uniform(0, min(cap, base × 2^(attempt - 1)))``.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from results.plan import Load


@dataclass(slots=True)
class Kept:
    """A reading that is not acknowledged yet. `attempt` counts those begun; `due_ns` is when the next may begin."""

    op: int
    patient: int
    seq: int
    intended_ns: int
    due_ns: int
    attempt: int = 0


class Devices:
    """The devices of all patients that have something to send."""

    def __init__(self, load: Load, seed: int, *, newest_first: bool = False) -> None:
        """`newest_first`: the known-bad app, which sends what was kept in the wrong order."""
        self._newest_first = newest_first
        self._load = load
        self._queues: dict[int, deque[Kept]] = {}
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self.dropped: list[Kept] = []

    def __len__(self) -> int:
        """Readings kept, under way or waiting."""
        return sum(map(len, self._queues.values()))

    @property
    def busy(self) -> int:
        """Devices that have something under way or waiting."""
        return len(self._queues)

    def take(self, reading: Kept) -> Kept | None:
        """A new reading. Returns what to send now: this reading, or None while the device is busy with an earlier one."""
        queue = self._queues.get(reading.patient)
        if queue is None:
            self._queues[reading.patient] = deque([reading])
            return reading
        if len(queue) >= self._load.queue_limit:
            self.dropped.append(reading)
            return None
        queue.append(reading)
        return None

    def done(self, reading: Kept, now_ns: int) -> Kept | None:
        """The reading was acknowledged, or refused for good. Returns the device's next one, due now."""
        queue = self._queues[reading.patient]
        queue.popleft()
        if not queue:
            del self._queues[reading.patient]
            return None
        if self._newest_first:
            queue.rotate(1)
        queue[0].due_ns = now_ns
        return queue[0]

    def back_off(self, reading: Kept, now_ns: int) -> None:
        """The attempt failed or nobody knows: set when the next is due."""
        limit = min(self._load.backoff_cap_s, self._load.backoff_base_s * 2.0 ** (reading.attempt - 1))
        reading.due_ns = now_ns + int(self._random.uniform(0, limit) * 1e9)

    def overdue(self, before_ns: int) -> int:
        """Readings kept that were intended before that time. A queue is in order of time (all but the known-bad app's)."""
        count = len(self.dropped)
        for queue in self._queues.values():
            for reading in queue:
                if reading.intended_ns >= before_ns:
                    break
                count += 1
        return count

    def waiting(self) -> list[Kept]:
        """Everything still kept, and everything dropped because a queue was full."""
        return [*(reading for queue in self._queues.values() for reading in queue), *self.dropped]
