"""What stands in a data directory of PostgreSQL: its settings, who may connect, and whom it follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_SETTINGS = """
listen_addresses = '{settings.address}'
port = {settings.port}
unix_socket_directories = '{settings.sockets}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = {settings.buffers_mb}MB
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
cluster_name = '{settings.name}'
include_if_exists 'role.conf'
"""

_ACCESS = """
local all         all                scram-sha-256
host  all         postgres {net}  scram-sha-256
host  replication postgres {net}  scram-sha-256
"""


@dataclass(frozen=True)
class Settings:
    """What differs from server to server. `address`: on the private link; `name`: shown in logs and process lists."""

    address: str
    port: int
    sockets: Path
    name: str
    buffers_mb: int


def write_settings(folder: Path, settings: Settings) -> None:
    """As a primary has them, with nothing that was altered while it ran."""
    (folder / "postgresql.conf").write_text(_SETTINGS.format(settings=settings))
    net = settings.address.rsplit(".", 1)[0] + ".0/24"
    (folder / "pg_hba.conf").write_text(_ACCESS.format(net=net))
    (folder / "postgresql.auto.conf").write_text("")
    (folder / "role.conf").write_text("")


def write_source(folder: Path, name: str, address: str, port: int, passwords: Path) -> None:
    """From its next start it follows the server at `address`, through the replication slot called `name`."""
    where = f"host={address} port={port} user=postgres application_name={name}"
    (folder / "role.conf").write_text(
        f"primary_conninfo = '{where} passfile=''{passwords}'' connect_timeout=3'\nprimary_slot_name = '{name}'\n"
    )
    (folder / "standby.signal").touch()
