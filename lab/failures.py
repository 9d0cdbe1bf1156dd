"""What an order of the lab may end with although nothing of ours is wrong: the service, the system or the database said no."""

from __future__ import annotations

import asyncpg

from lab.model import ServiceFailed

# InterfaceError: a connection that went away between two statements; the driver has no PostgresError for it
FAILURES: tuple[type[Exception], ...] = (ServiceFailed, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
