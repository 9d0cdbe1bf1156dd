"""A cluster's PostgreSQL at both sites: streaming replication over the private link, promotion, rejoining.

The data directory is on the site's volume (``volumes/<site>/<cluster>/pgdata``), as on block storage in the case.
Profiles: `sync` (a commit is acknowledged when the other site has flushed it) and `async`.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import asyncpg

from lab import model, pki
from lab.clusters import Cluster
from lab.model import Options, Process, Ready, ServiceFailed, Supervisor
from lab.servers import environment, program
from lab.services import postgres_files

EXPORTER = "exporter"  # the role that may see how the database does, and none of its rows
_SOCKETS = Path("/run/postgres")
_SENDER_ENDS_WITHIN_MS = 5000
_STREAMING_WITHIN_S = 20


def socket_folder(site: str) -> Path:
    """A short path in the lab's private /run: a socket's path has at most 108 bytes."""
    return _SOCKETS / site


class Postgres:
    """The database of one cluster at both sites."""

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self.options, self.cluster = options, cluster

    def data(self, site: str) -> Path:
        """Its data directory on the site's volume."""
        return self.volume(site) / "pgdata"

    def volume(self, site: str) -> Path:
        """What the data directory lies on."""
        return self.options.state / "volumes" / site / self.cluster.name

    def name(self, site: str) -> str:
        """Of its process at a site."""
        return f"{site}/{self.cluster.prefix}postgres"

    async def connect(self, site: str, role: str = "postgres", timeout_s: float = 5) -> asyncpg.Connection:
        """A connection to a site's database through its socket, from anywhere in the lab."""
        return await asyncpg.connect(
            host=str(socket_folder(site)),
            port=self.cluster.port,
            user=role,
            database=self.cluster.database,
            passfile=str(pki.keys(self.options.state).passwords),
            timeout=timeout_s,
            command_timeout=60,
        )

    def server(self, site: str) -> Process:
        """The site's PostgreSQL as a process of its zone."""
        folder = socket_folder(site)
        return Process(
            name=self.name(site),
            zone=site,
            argv=(str(program("postgres")), "-D", str(self.data(site))),
            env=_environment(self.options),
            ready=Ready(log_line="database system is ready to accept", within_s=30),
            stop="INT",
            cwd=folder,
        )

    async def make_primary(self, supervisor: Supervisor, site: str) -> None:
        """A new database cluster with the service's schema, started as primary."""
        keys, folder = pki.keys(self.options.state), self.data(site)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        socket_folder(site).mkdir(parents=True, exist_ok=True)
        word = keys.passwords.with_name(f"initdb-{self.cluster.name}")
        pki.secret(word, pki.password(keys.passwords, "postgres").encode())
        await supervisor.run(
            site,
            [
                *(str(program("initdb")), "-D", str(folder), "-U", "postgres", "-A", "scram-sha-256"),
                *("--pwfile", str(word), "--no-sync", "--encoding=UTF8", "--locale=C"),
            ],
            env=_environment(self.options),
        )
        word.unlink()
        self._write_settings(site)
        await supervisor.start(self.server(site))
        await self._make_schema(site)

    async def make_mirror(self, supervisor: Supervisor, site: str, source: str) -> None:
        """A follower of `source`, from a fresh base backup, streaming when this returns."""
        folder = self.data(site)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        socket_folder(site).mkdir(parents=True, exist_ok=True)
        await supervisor.run(
            site,
            [
                *(str(program("pg_basebackup")), "-D", str(folder), "-h", model.PRIVATE[source]),
                *("-p", str(self.cluster.port), "-U", "postgres", "-c", "fast", "-X", "stream", "--no-sync"),
                *("-C", "-S", site),
            ],
            env=_environment(self.options),
        )
        self._write_settings(site)
        self._write_source(site, source)
        await supervisor.start(self.server(site))
        await self.await_streaming(source, site)

    async def rejoin(self, supervisor: Supervisor, site: str, source: str) -> None:
        """Bring a lost server back as a follower of `source`. A former primary: rewind what diverged, or copy afresh."""
        folder = self.data(site)
        self._forget_process(site)
        socket_folder(site).mkdir(parents=True, exist_ok=True)
        await self._end_sender(source, site)
        if (folder / "standby.signal").exists():
            # it was a follower before: nothing of its own can have diverged
            self._write_source(site, source)
            await supervisor.start(self.server(site))
            await self.await_streaming(source, site)
            await self.set_synchronous(source, site)
            return
        connection = await self.connect(source)
        try:
            await connection.execute("CHECKPOINT")
            await connection.execute(
                "SELECT pg_create_physical_replication_slot($1) WHERE NOT EXISTS "
                "(SELECT FROM pg_replication_slots WHERE slot_name = $1)",
                site,
            )
        finally:
            await connection.close()
        rewound = await supervisor.run(
            site,
            [
                *(str(program("pg_rewind")), "-D", str(folder), "--no-sync"),
                *(
                    "--source-server",
                    f"host={model.PRIVATE[source]} port={self.cluster.port} user=postgres dbname=postgres",
                ),
            ],
            env=_environment(self.options),
            within_s=60,
            check=False,
        )
        if rewound.code:
            connection = await self.connect(source)
            try:
                await connection.execute("SELECT pg_drop_replication_slot($1)", site)
            finally:
                await connection.close()
            await self.make_mirror(supervisor, site, source)
        else:
            self._write_settings(site)
            self._write_source(site, source)
            await supervisor.start(self.server(site))
            await self.await_streaming(source, site)
        await self.set_synchronous(source, site)

    async def _end_sender(self, source: str, site: str) -> None:
        """The sender to a lost server may not have noticed yet that it is alone: it would pass for the one that comes back."""
        connection = await self.connect(source)
        try:
            ended = await connection.fetchval(
                "SELECT pg_terminate_backend(active_pid, $2) FROM pg_replication_slots WHERE slot_name = $1 AND active",
                site,
                _SENDER_ENDS_WITHIN_MS,
            )
        finally:
            await connection.close()
        if ended is False:  # None: there was none
            raise ServiceFailed(
                f"{self.name(source)}: its sender to {site}, which is lost, did not end within {_SENDER_ENDS_WITHIN_MS} ms"
            )

    async def revive(self, supervisor: Supervisor, site: str) -> None:
        """Start a killed server again from its volume, in the role that it had."""
        self._forget_process(site)
        socket_folder(site).mkdir(parents=True, exist_ok=True)
        await supervisor.start(self.server(site))

    async def set_synchronous(self, primary: str, mirror: str | None) -> None:
        """Make commits at `primary` wait for `mirror` where the profile says so; None: wait for nobody.

        Returns when they do. Raises ServiceFailed when they do not after a while.
        """
        name = mirror if mirror and self.cluster.synchronous and self.options.replication == "sync" else ""
        connection = await self.connect(primary)
        try:
            await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()
        if name:
            await self._await_mirror(primary, name, "sync_state = 'sync'")

    async def await_streaming(self, primary: str, mirror: str) -> None:
        """Return when the mirror streams. Raises ServiceFailed after a while."""
        await self._await_mirror(primary, mirror, "state = 'streaming'")

    async def _await_mirror(self, primary: str, mirror: str, state: str) -> None:
        deadline = time.monotonic() + _STREAMING_WITHIN_S
        connection = await self.connect(primary)
        try:
            while not await connection.fetchval(
                f"SELECT true FROM pg_stat_replication WHERE application_name = $1 AND {state}", mirror
            ):
                if time.monotonic() > deadline:
                    raise ServiceFailed(
                        f"{self.name(mirror)} as the mirror of {primary}: no {state} after {_STREAMING_WITHIN_S} s"
                    )
                await asyncio.sleep(0.05)
        finally:
            await connection.close()

    async def status(self, site: str) -> dict[str, str | float | None]:
        """Role of a site's database, for how long its mirror has followed and how far that lies behind, in seconds and bytes."""
        try:
            connection = await self.connect(site, timeout_s=2)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return {"role": "down"}
        try:
            if await connection.fetchval("SELECT pg_is_in_recovery()"):
                return {"role": "mirror"}
            timeline = int((await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())"))[:8], 16)
            row = await connection.fetchrow(
                "SELECT application_name, sync_state, extract(epoch FROM replay_lag)::float8 AS lag_s, "
                "pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS lag_bytes, "
                "extract(epoch FROM clock_timestamp() - backend_start)::float8 AS follows_for_s FROM pg_stat_replication "
                # a sender behind a link that was cut is shown until it notices, beside the one that took its place
                "ORDER BY sync_state = 'sync' DESC, backend_start DESC"
            )
        finally:
            await connection.close()
        if row is None:
            return {"role": "primary", "timeline": timeline, "mirror": None}
        return {
            "role": "primary",
            "timeline": timeline,
            "mirror": row[0],
            "sync": row[1],
            "lag_s": row[2],
            "lag_bytes": row[3],
            "follows_for_s": row[4],
        }

    def name_alone(self, site: str) -> str:
        """Of the process of `alone`."""
        return f"wire/{self.cluster.prefix}postgres-of-{site}"

    def alone(self, site: str) -> Process:
        """The database of a dead site, started from its volume in a zone without any network, to be read and nothing else."""
        self._forget_process(site)
        argv = [str(program("postgres")), "-D", str(self.data(site)), "-c", "listen_addresses="]
        for setting in ("synchronous_standby_names=", "primary_conninfo=", "default_transaction_read_only=on"):
            argv += ["-c", setting]
        return Process(
            name=self.name_alone(site),
            zone="wire",
            argv=tuple(argv),
            env=_environment(self.options),
            ready=Ready(log_line="database system is ready to accept", within_s=30),
            stop="INT",
        )

    def _forget_process(self, site: str) -> None:
        """Lock files of a killed server name a PID that may be anybody's now."""
        (self.data(site) / "postmaster.pid").unlink(missing_ok=True)
        for stale in socket_folder(site).glob(f".s.PGSQL.{self.cluster.port}*"):
            stale.unlink()

    def _write_settings(self, site: str) -> None:
        settings = postgres_files.Settings(
            address=model.PRIVATE[site],
            port=self.cluster.port,
            sockets=socket_folder(site),
            name=site,
            buffers_mb=self.cluster.buffers_mb,
        )
        postgres_files.write_settings(self.data(site), settings)

    def _write_source(self, site: str, source: str) -> None:
        passwords = pki.keys(self.options.state).passwords
        postgres_files.write_source(self.data(site), site, model.PRIVATE[source], self.cluster.port, passwords)

    async def _make_schema(self, site: str) -> None:
        keys = pki.keys(self.options.state)
        connection = await asyncpg.connect(
            host=str(socket_folder(site)),
            port=self.cluster.port,
            user="postgres",
            database="postgres",
            passfile=str(keys.passwords),
        )
        try:
            role = self.cluster.database
            word = pki.password(keys.passwords, role).replace("'", "''")
            await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'")
            await connection.execute(f"CREATE DATABASE {role} OWNER {role}")
            word = pki.password(keys.passwords, EXPORTER).replace("'", "''")
            await connection.execute(f"CREATE ROLE {EXPORTER} LOGIN PASSWORD '{word}' IN ROLE pg_monitor")
        finally:
            await connection.close()
        connection = await self.connect(site)
        try:
            await connection.execute(self.cluster.schema(self.options.defect))
        finally:
            await connection.close()


def _environment(options: Options) -> dict[str, str]:
    return {**environment(), "PGPASSFILE": str(pki.keys(options.state).passwords), "PGCONNECT_TIMEOUT": "5"}
