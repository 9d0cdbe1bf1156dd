"""Known-bad behaviour of the service, switched on by its environment, so that each check can be seen to turn red."""

from __future__ import annotations

import asyncio
import itertools

import sentry_sdk

from lab.vitals.bundle import Upload
from lab.vitals.outcome import Refusal
from lab.vitals.settings import Settings
from lab.vitals.store import Store, Stored

LATE_COMMIT_S = 2.0
SLOW_S = 1.5
_FLUSH_S = 2.0
_LOST_ANSWER_EVERY = 20
_CORRUPT_EVERY = 100
# acknowledgements of uploads that are not committed yet: above any sequence of the database
_PROMISED = itertools.count(1 << 40)


class DefectiveStore:
    """A store as `lab.vitals.store.Store`, with one defect."""

    def __init__(self, store: Store, settings: Settings, active_at_start: str = "fra") -> None:
        self._store, self._settings = store, settings
        self._first_site = settings.site == active_at_start
        self._counter = itertools.count(1)
        self._later: set[asyncio.Task[None]] = set()

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
        if defect == "blocking-telemetry":
            sentry_sdk.capture_message("upload stored")
            sentry_sdk.flush(timeout=_FLUSH_S)  # "to be sure that it arrives": nothing else is answered meanwhile
        if defect == "duplicate-on-retry" and next(self._counter) % _LOST_ANSWER_EVERY == 0:
            raise Refusal(500, "exception", "an internal error")
        return stored

    async def _commit_late(self, upload: Upload, digest: bytes, body: bytes) -> None:
        await asyncio.sleep(LATE_COMMIT_S)
        await self._store.store(upload, digest, body)
