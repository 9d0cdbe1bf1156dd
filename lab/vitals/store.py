"""The service's side of PostgreSQL: one statement stores an upload, and it is committed when the call returns."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

import asyncpg

from lab.vitals.bundle import Upload
from lab.vitals.outcome import Refusal
from lab.vitals.settings import Settings

_LOG = logging.getLogger("vitals")
_PORT = 5432
_TIMEOUT_S = 15
# two servers a site: 24 commits under way bear 400 uploads/s as long as each takes less than 60 ms
_CONNECTIONS = 12

# no unique index (a defect) means no conflict: the row is then stored again
_STORE = "INSERT INTO upload (key, patient, seq, digest, body) VALUES ($1, $2, $3, $4, $5) {conflict} RETURNING ack"
_KNOWN = "SELECT ack, digest FROM upload WHERE key = $1 ORDER BY ack LIMIT 1"
_READY = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')"
_SEARCH = "SELECT ack, body FROM upload WHERE patient = $1 AND ack > $2 ORDER BY ack LIMIT $3"


@dataclass(frozen=True)
class Stored:
    """Acknowledgement id of an upload; `replayed`: it had been stored before."""

    ack: int
    replayed: bool


class Store:
    """A small pool of connections to the site's own database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: asyncpg.Pool | None = None
        conflict = "" if settings.defect == "duplicate-on-retry" else "ON CONFLICT (key) DO NOTHING"
        self._store = _STORE.format(conflict=conflict)

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            host=str(self._settings.database),
            port=_PORT,
            user="vitals",
            database="vitals",
            passfile=str(self._settings.passwords),
            min_size=0,
            max_size=_CONNECTIONS,
            timeout=2,
            command_timeout=_TIMEOUT_S,
            reset=_as_it_was,
        )

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    @property
    def pool(self) -> asyncpg.Pool:
        if self._pool is None:
            raise Refusal(503, "transient", "the database is not connected")
        return self._pool

    async def store(self, upload: Upload, digest: bytes, body: bytes) -> Stored:
        """Store an upload. When this returns, it is committed. Raises Refusal 422 where the key has another body."""
        try:
            ack = await self.pool.fetchval(self._store, upload.key, upload.patient, upload.seq, digest, body)
            if ack is not None:
                return Stored(int(ack), replayed=False)
            known = await self.pool.fetchrow(_KNOWN, upload.key)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise unavailable(error) from error
        if known["digest"] != digest:
            raise Refusal(422, "conflict", "this Idempotency-Key was used with another body")
        return Stored(int(known["ack"]), replayed=True)

    async def role(self) -> str:
        """active: the database is primary and takes writes; mirror: it follows. Raises Refusal 503."""
        try:
            following, read_only = await self.pool.fetchrow(_READY, timeout=1)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise unavailable(error) from error
        return "mirror" if following or read_only == "on" else "active"

    async def search(self, patient: str, after: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        """Uploads of a patient as (ack, Bundle as stored), oldest first. Any: FHIR resources."""
        try:
            rows = await self.pool.fetch(_SEARCH, patient, after, count)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise unavailable(error) from error
        return [(row["ack"], json.loads(row["body"])) for row in rows]


async def _as_it_was(_: asyncpg.Connection) -> None:
    """Every statement here stands alone and changes no setting: the usual reset would cost as much as the upload itself."""


def unavailable(error: Exception) -> Refusal:
    """503 for a database that does not answer or does not take writes; the reason goes to the log, not to the patient."""
    _LOG.warning("database unavailable", extra={"why": type(error).__name__})
    return Refusal(503, "transient", "the database takes no writes at this site now")
