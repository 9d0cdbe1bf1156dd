"""One Observation in, one answer out: the same for REST and for the stream."""

from __future__ import annotations

import time

from lab.analysis.finding import examine
from lab.analysis.metrics import Metrics
from lab.vitals.access import Caller
from lab.vitals.log import LOG
from lab.vitals.outcome import Refusal


class Examiner:
    """Examines, counts, and turns every failure into an answer."""

    def __init__(self, site: str, metrics: Metrics) -> None:
        self._site, self._metrics = site, metrics

    def answer(self, body: bytes | str, who: Caller) -> tuple[int, bytes]:
        """HTTP status and JSON: the finding (200), or the OperationOutcome that says why there is none."""
        begun, status = time.perf_counter(), 200
        try:
            outcome, said = examine(body, who, self._site)
        except Refusal as refusal:
            outcome, status, said = "refused", refusal.status, refusal.body()
        except Exception as error:  # noqa: BLE001 - the last door: the patient gets a truthful 500, the log the type
            LOG.exception("failed", extra={"why": type(error).__name__})
            outcome, status, said = "failed", 500, Refusal(500, "exception", "an internal error").body()
        self._metrics.examined(outcome, time.perf_counter() - begun)
        return status, said
