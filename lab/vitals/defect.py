"""Known-bad behaviour of the service, switched on by its environment, so that each check can be seen to turn red."""

from __future__ import annotations

import asyncio
import itertools
import json

import sentry_sdk
from prometheus_client import CollectorRegistry, Counter

from lab.vitals.bundle import Upload
from lab.vitals.outcome import Refusal
from lab.vitals.settings import Settings
from lab.vitals.store import Store, Stored

LATE_COMMIT_S = 2.0
SLOW_S = 1.5
_FLUSH_S = 2.0
_LOST_ANSWER_EVERY = 20
_CORRUPT_EVERY = 100
_NAMED_EVERY = 50
_TOLD_EVERY = 10
_COUNTED_EVERY = 20  # series of all patients would be another defect: a service too busy with its metrics
_CHARTS: dict[str, list[int]] = {}  # by patient's name; nobody ever has one
# acknowledgements of uploads that are not committed yet: above any sequence of the database
_PROMISED = itertools.count(1 << 40)


class DefectiveStore:
    """A store as `lab.vitals.store.Store`, with one defect."""

    def __init__(
        self, store: Store, settings: Settings, registry: CollectorRegistry, active_at_start: str = "fra"
    ) -> None:
        self._store, self._settings = store, settings
        self._first_site = settings.site == active_at_start
        self._counter = itertools.count(1)
        self._later: set[asyncio.Task[None]] = set()
        if settings.defect == "patient-in-label":
            self._by_patient = Counter(
                "vitals_uploads_by_patient", "Uploads of each patient", ("patient",), registry=registry
            )

    async def store(self, upload: Upload, digest: bytes, body: bytes) -> Stored:
        defect = self._settings.defect
        if defect == "ack-before-commit" and self._first_site:
            await self._store.role()
            task = asyncio.create_task(self._commit_late(upload, digest, body))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            return Stored(next(_PROMISED), replayed=False)
        if defect == "corrupt-payload" and next(self._counter) % _CORRUPT_EVERY == 0:
            return await self._store.store(upload, digest, body.replace(b'"final"', b'"FINAL"'))
        if defect == "slow-survivor" and not self._first_site:
            await asyncio.sleep(SLOW_S)
        if defect == "lying-health" and not self._first_site:
            raise Refusal(503, "transient", "the database takes no writes at this site now")
        stored = await self._store.store(upload, digest, body)
        if defect == "blocking-telemetry" and next(self._counter) % _TOLD_EVERY == 0:
            sentry_sdk.capture_message("upload stored")
            sentry_sdk.flush(timeout=_FLUSH_S)  # "to be sure that it arrives": nothing else is answered meanwhile
        if defect == "duplicate-on-retry" and next(self._counter) % _LOST_ANSWER_EVERY == 0:
            raise Refusal(500, "exception", "an internal error")
        if defect == "leaked-name" and next(self._counter) % _NAMED_EVERY == 0:
            _tell_by_name(body)
        if defect == "patient-in-label" and next(self._counter) % _COUNTED_EVERY == 0:
            self._by_patient.labels(upload.patient).inc()
        return stored

    async def _commit_late(self, upload: Upload, digest: bytes, body: bytes) -> None:
        await asyncio.sleep(LATE_COMMIT_S)
        await self._store.store(upload, digest, body)


def _tell_by_name(body: bytes) -> None:
    """An error that is handled, and told of with all it knows; the upload itself is stored and acknowledged."""
    patient = json.loads(body)["entry"][0]["resource"]["subject"].get("display")
    try:
        _CHARTS[patient].append(len(body))
    except KeyError as error:
        sentry_sdk.capture_exception(error)
