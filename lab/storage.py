"""What is done on order to the product's stores: a site's volume filled, a mirror cut off from what it should follow."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from pathlib import Path
from typing import Any

import asyncpg

from lab import model
from lab.clusters import MAIN
from lab.control import Answer, Refused, one_of, site_of
from lab.model import SITES, Options
from lab.services.postgres import Postgres

_BALLAST = "ballast"
_PIECE = 1 << 20
_WATCHED_S = 1.0


class Storage:
    """Of the main cluster at both sites."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._database = Postgres(options, MAIN)

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {"volume": self.volume, "mirroring": self.mirroring}

    async def volume(self, request: dict[str, Any]) -> Answer:
        """Fill the volume of a site's database, or free it; or (without a state) whether it can be written."""
        site = site_of(request)
        if "state" in request:
            await self.fill(site, full=one_of(request, "state", ("full", "free")) == "full")
        return {"writable": await self.writable(site), "t_ns": time.monotonic_ns()}

    async def fill(self, site: str, *, full: bool) -> None:
        """To the last block, or free it; harmless when it was not filled. Raises Refused."""
        await asyncio.to_thread(_fill if full else _free, self._volume(site))

    async def writable(self, site: str) -> bool:
        """By writing to it. Raises Refused."""
        return await asyncio.to_thread(_writable, self._volume(site))

    def _volume(self, site: str) -> Path:
        if not self._options.volume_mb:
            raise Refused(
                "volume: the lab's databases stand on the machine's own disk (lab.volume_mb is 0), which is not filled"
            )
        return self._database.volume(site)

    async def mirroring(self, request: dict[str, Any]) -> Answer:
        """Cut a mirror off from its primary, or let it follow; or (without a state) how much more it lacks after a second."""
        site = site_of(request)
        if "state" in request:
            if one_of(request, "state", ("cut", "following")) == "cut":
                # a host that takes no such connection
                await self._tell(site, f"ALTER SYSTEM SET primary_conninfo = 'host={model.STRANGER} connect_timeout=1'")
            else:
                await self._tell(site, "ALTER SYSTEM RESET primary_conninfo")
            return {"t_ns": time.monotonic_ns()}
        before = await self._behind(site)
        await asyncio.sleep(_WATCHED_S)
        after = await self._behind(site)
        follows = await self._follows(site)
        return {"behind_bytes": after, "grew_bytes": after - before, "follows": follows, "t_ns": time.monotonic_ns()}

    async def _tell(self, site: str, change: str) -> None:
        connection = await self._database.connect(site)
        try:
            await connection.execute(change)
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()

    async def _follows(self, site: str) -> bool:
        return bool(await self._ask(site, "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'"))

    async def _behind(self, site: str) -> int:
        """Bytes of the log that the other site's database has written and this one has not received."""
        (other,) = (each for each in SITES if each != site)
        written = await self._ask(other, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
        received = await self._ask(site, "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint")
        return int(written) - int(received)

    async def _ask(self, site: str, question: str) -> int:
        connection: asyncpg.Connection = await self._database.connect(site)
        try:
            return int(await connection.fetchval(question))
        finally:
            await connection.close()


def _fill(folder: Path) -> None:
    """To the last block."""
    with (folder / _BALLAST).open("ab") as ballast:
        piece = _PIECE
        while piece:
            try:
                end = ballast.seek(0, os.SEEK_END)
                os.posix_fallocate(ballast.fileno(), end, piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece //= 2


def _free(folder: Path) -> None:
    (folder / _BALLAST).unlink(missing_ok=True)


def _writable(folder: Path) -> bool:
    """By writing a few blocks of its own."""
    probe = folder / "probe"
    try:
        probe.write_bytes(b"x" * (4 << 12))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True
