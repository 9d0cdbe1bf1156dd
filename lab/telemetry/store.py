"""The receivers' side of PostgreSQL: what was taken is committed when it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from lab.telemetry.settings import Settings

_SENTRY = (
    *("received", "project", "kind", "event", "issue", "title", "level", "environment"),
    *("release", "server", "name", "status", "duration_ms", "payload"),
)
_MATOMO = (
    *("received", "at", "site", "visitor", "kind", "url", "title"),
    *("category", "action", "name", "value", "timing_ms", "query"),
)


class Unavailable(Exception):
    """The database does not answer or takes no writes: the receiver answers 503."""


class Store:
    """A small pool of connections to the site's own database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            host=str(self._settings.database),
            port=self._settings.port,
            user="telemetry",
            database="telemetry",
            passfile=str(self._settings.passwords),
            min_size=0,
            max_size=4,
            timeout=2,
            command_timeout=10,
        )

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    async def active(self) -> bool:
        """Whether the database is primary. Raises Unavailable."""
        return not (await self.rows("SELECT pg_is_in_recovery() AS following"))[0]["following"]

    async def put_sentry(self, rows: Sequence[dict[str, Any]]) -> None:
        """Rows of `sentry_item`; a column that is not there is null. Raises Unavailable."""
        await self._put("sentry_item", _SENTRY, rows)

    async def put_matomo(self, rows: Sequence[dict[str, Any]]) -> None:
        """Rows of `matomo_action`. Raises Unavailable."""
        await self._put("matomo_action", _MATOMO, rows)

    async def rows(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """All rows of a query. Raises Unavailable."""
        try:
            return list(await self._connected.fetch(query, *values))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable(type(error).__name__) from error

    async def _put(self, table: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        query = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        try:
            # one transaction: all of an envelope or nothing
            await self._connected.executemany(query, [[row.get(column) for column in columns] for row in rows])
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable(type(error).__name__) from error

    @property
    def _connected(self) -> asyncpg.Pool:
        if self._pool is None:
            raise Unavailable("not connected")
        return self._pool
