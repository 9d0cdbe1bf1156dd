"""Resource use of services and replication lag every two seconds, the memory of the lab more seldom (samples.parquet)."""

from __future__ import annotations

import time
from pathlib import Path

from results.clock import Clock
from results.row_log import RowWriter
from targets.lab_control import LabControl, LabRefused, LabUnreachable

_EVERY_S = 2.0
_MEMORY_EVERY = 10  # of these samples: knowing it costs the lab a tenth of a second


class LabSamples:
    """Taken by whoever has the time: `take` does nothing before the next sample is due."""

    def __init__(self, run: Path, lab: LabControl, clock: Clock) -> None:
        self._rows, self._lab, self._clock = RowWriter(run, "samples", "lab"), lab, clock
        self._next, self._count = 0.0, 0

    def take(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_S
        try:
            used = self._lab.call("resources", memory=self._count % _MEMORY_EVERY == 0)
            status = self._lab.call("status")
        except (LabUnreachable, LabRefused):
            return  # a lab that does not answer now has no sample now: absence shows
        self._count += 1
        now = self._clock.now_ns()
        for service, figures in used["services"].items():
            for metric, value in figures.items():
                self._rows.append(now, "lab", service, metric, value)
        if "memory_bytes" in used:
            self._rows.append(now, "lab", "lab", "memory_bytes", used["memory_bytes"])
        for site, database in status["databases"].items():
            if database.get("mirror"):
                # no lag is reported while nothing is on its way: that is no lag
                self._rows.append(now, "lab", site, "replication_lag_s", database.get("lag_s") or 0.0)
        self._rows.flush()

    def close(self) -> None:
        self._rows.close()
