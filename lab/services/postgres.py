"""PostgreSQL at both sites: streaming replication over the private link, promotion, rejoining.

The data directory is the site's volume (``volumes/<site>/pgdata``), as block storage is in the case. Profiles: `sync`
(a commit is acknowledged when the other site has flushed it) and `async`.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import asyncpg

from lab import model, pki
from lab.model import Options, Process, Ready, ServiceFailed, Supervisor
from lab.servers import environment, program

DATABASE = "vitals"
_SOCKETS = Path("/run/postgres")
_STREAMING_WITHIN_S = 20

_SCHEMA = """
CREATE TABLE upload (
    ack     bigserial PRIMARY KEY,
    key     text NOT NULL,
    patient text NOT NULL,
    seq     integer NOT NULL,
    digest  bytea NOT NULL,
    body    bytea NOT NULL,
    tag     text NOT NULL DEFAULT 'HTEST',
    stored  bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1e9)::bigint
);
CREATE INDEX upload_by_patient ON upload (patient, seq);
ALTER TABLE upload OWNER TO vitals;
"""

_SETTINGS = """
listen_addresses = '{private}'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 32MB
max_wal_size = 512MB
checkpoint_timeout = 15min
jit = off
wal_level = replica
wal_log_hints = on
hot_standby = on
max_wal_senders = 6
max_replication_slots = 4
max_slot_wal_keep_size = 1GB
wal_keep_size = 256MB
wal_sender_timeout = 5s
wal_receiver_timeout = 5s
wal_receiver_status_interval = 1s
tcp_keepalives_idle = 2
tcp_keepalives_interval = 1
tcp_keepalives_count = 3
tcp_user_timeout = 5000
log_line_prefix = '%m [%p] %q%u '
log_checkpoints = off
cluster_name = '{site}'
include_if_exists 'role.conf'
"""

_ACCESS = """
local all         all                scram-sha-256
host  all         postgres {net}  scram-sha-256
host  replication postgres {net}  scram-sha-256
"""


def data(options: Options, site: str) -> Path:
    return options.state / "volumes" / site / "pgdata"


def socket_folder(site: str) -> Path:
    """A short path in the lab's private /run: a socket's path has at most 108 bytes."""
    return _SOCKETS / site


async def connect(options: Options, site: str, role: str = "postgres", timeout_s: float = 5) -> asyncpg.Connection:
    """A connection to a site's database through its socket, from anywhere in the lab."""
    return await asyncpg.connect(
        host=str(socket_folder(site)),
        port=model.DATABASE_PORT,
        user=role,
        database=DATABASE,
        passfile=str(pki.keys(options.state).passwords),
        timeout=timeout_s,
        command_timeout=60,
    )


def server(options: Options, site: str) -> Process:
    """The site's PostgreSQL as a process of its zone."""
    folder = socket_folder(site)
    return Process(
        name=f"{site}/postgres",
        zone=site,
        argv=(str(program("postgres")), "-D", str(data(options, site))),
        env=_environment(options),
        ready=Ready(log_line="database system is ready to accept", within_s=30),
        stop="INT",
        cwd=folder,
    )


async def make_primary(supervisor: Supervisor, site: str) -> None:
    """A new cluster with the service's schema, started as primary."""
    options = supervisor.options
    keys, folder = pki.keys(options.state), data(options, site)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    socket_folder(site).mkdir(parents=True, exist_ok=True)
    word = keys.passwords.with_name("initdb")
    pki.secret(word, pki.password(keys.passwords, "postgres").encode())
    await supervisor.run(
        site,
        [
            *(str(program("initdb")), "-D", str(folder), "-U", "postgres", "-A", "scram-sha-256"),
            *("--pwfile", str(word), "--no-sync", "--encoding=UTF8", "--locale=C"),
        ],
        env=_environment(options),
    )
    word.unlink()
    _configure(options, site)
    await supervisor.start(server(options, site))
    await _make_schema(options, site)


async def make_mirror(supervisor: Supervisor, site: str, source: str) -> None:
    """A follower of `source`, from a fresh base backup, streaming when this returns."""
    options = supervisor.options
    folder = data(options, site)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    socket_folder(site).mkdir(parents=True, exist_ok=True)
    await supervisor.run(
        site,
        [
            *(str(program("pg_basebackup")), "-D", str(folder), "-h", model.PRIVATE[source]),
            *("-p", str(model.DATABASE_PORT), "-U", "postgres", "-c", "fast", "-X", "stream", "--no-sync"),
            *("-C", "-S", site),
        ],
        env=_environment(options),
    )
    _configure(options, site)
    _follow(options, site, source)
    await supervisor.start(server(options, site))
    await await_streaming(options, source, site)


async def rejoin(supervisor: Supervisor, site: str, source: str) -> None:
    """Bring a former primary back as a follower of `source`: rewind what diverged, or copy afresh."""
    options = supervisor.options
    folder = data(options, site)
    _forget_process(options, site)
    socket_folder(site).mkdir(parents=True, exist_ok=True)
    connection = await connect(options, source)
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
                f"host={model.PRIVATE[source]} port={model.DATABASE_PORT} user=postgres dbname=postgres",
            ),
        ],
        env=_environment(options),
        within_s=60,
        check=False,
    )
    if rewound.code:
        connection = await connect(options, source)
        try:
            await connection.execute("SELECT pg_drop_replication_slot($1)", site)
        finally:
            await connection.close()
        await make_mirror(supervisor, site, source)
    else:
        _configure(options, site)
        _follow(options, site, source)
        await supervisor.start(server(options, site))
        await await_streaming(options, source, site)
    await set_synchronous(options, source, site)


async def revive(supervisor: Supervisor, site: str) -> None:
    """Start a killed server again from its volume, in the role that it had."""
    _forget_process(supervisor.options, site)
    socket_folder(site).mkdir(parents=True, exist_ok=True)
    await supervisor.start(server(supervisor.options, site))


async def set_synchronous(options: Options, primary: str, mirror: str | None) -> None:
    """Make commits at `primary` wait for `mirror` where the profile says so; None: wait for nobody."""
    name = mirror if mirror and options.replication == "sync" else ""
    connection = await connect(options, primary)
    try:
        await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def await_streaming(options: Options, primary: str, mirror: str) -> None:
    """Return when the mirror streams. Raises ServiceFailed after a while."""
    deadline = time.monotonic() + _STREAMING_WITHIN_S
    connection = await connect(options, primary)
    try:
        while not await connection.fetchval(
            "SELECT true FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'", mirror
        ):
            if time.monotonic() > deadline:
                raise ServiceFailed(f"{mirror}/postgres: does not stream from {primary} after {_STREAMING_WITHIN_S} s")
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def status(options: Options, site: str) -> dict[str, str | float | None]:
    """Role of a site's database and how far its mirror lies behind, in seconds and bytes."""
    try:
        connection = await connect(options, site, timeout_s=2)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return {"role": "down"}
    try:
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            return {"role": "mirror"}
        timeline = int((await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())"))[:8], 16)
        row = await connection.fetchrow(
            "SELECT application_name, sync_state, extract(epoch FROM replay_lag)::float8 AS lag_s, "
            "pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 AS lag_bytes FROM pg_stat_replication"
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
    }


def alone(options: Options, site: str) -> Process:
    """The database of a dead site, started from its volume in a zone without any network, to be read and nothing else."""
    _forget_process(options, site)
    argv = [str(program("postgres")), "-D", str(data(options, site)), "-c", "listen_addresses="]
    for setting in ("synchronous_standby_names=", "primary_conninfo=", "default_transaction_read_only=on"):
        argv += ["-c", setting]
    return Process(
        name=f"wire/postgres-of-{site}",
        zone="wire",
        argv=tuple(argv),
        env=_environment(options),
        ready=Ready(log_line="database system is ready to accept", within_s=30),
        stop="INT",
    )


def _forget_process(options: Options, site: str) -> None:
    """Lock files of a killed server name a PID that may be anybody's now."""
    (data(options, site) / "postmaster.pid").unlink(missing_ok=True)
    for stale in socket_folder(site).glob(".s.PGSQL.*"):
        stale.unlink()


def _configure(options: Options, site: str) -> None:
    folder = data(options, site)
    settings = _SETTINGS.format(
        private=model.PRIVATE[site], port=model.DATABASE_PORT, sockets=socket_folder(site), site=site
    )
    (folder / "postgresql.conf").write_text(settings)
    net = model.PRIVATE[site].rsplit(".", 1)[0] + ".0/24"
    (folder / "pg_hba.conf").write_text(_ACCESS.format(net=net))
    (folder / "postgresql.auto.conf").write_text("")
    (folder / "role.conf").write_text("")


def _follow(options: Options, site: str, source: str) -> None:
    folder = data(options, site)
    where = f"host={model.PRIVATE[source]} port={model.DATABASE_PORT} user=postgres application_name={site}"
    passwords = pki.keys(options.state).passwords
    (folder / "role.conf").write_text(
        f"primary_conninfo = '{where} passfile=''{passwords}'' connect_timeout=3'\nprimary_slot_name = '{site}'\n"
    )
    (folder / "standby.signal").touch()


async def _make_schema(options: Options, site: str) -> None:
    keys = pki.keys(options.state)
    connection = await asyncpg.connect(
        host=str(socket_folder(site)),
        port=model.DATABASE_PORT,
        user="postgres",
        database="postgres",
        passfile=str(keys.passwords),
    )
    try:
        word = pki.password(keys.passwords, "vitals").replace("'", "''")
        await connection.execute(f"CREATE ROLE vitals LOGIN PASSWORD '{word}'")
        await connection.execute(f"CREATE DATABASE {DATABASE} OWNER vitals")
    finally:
        await connection.close()
    connection = await connect(options, site)
    try:
        await connection.execute(_SCHEMA)
        if options.defect != "duplicate-on-retry":
            await connection.execute("CREATE UNIQUE INDEX upload_by_key ON upload (key)")
    finally:
        await connection.close()


def _environment(options: Options) -> dict[str, str]:
    return {**environment(), "PGPASSFILE": str(pki.keys(options.state).passwords), "PGCONNECT_TIMEOUT": "5"}
