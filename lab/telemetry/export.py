"""Everything a receiver has stored, as NDJSON: one item a line, in the order in which it came."""

from __future__ import annotations

import os
from pathlib import Path

import asyncpg

from lab.vitals.export import LINES

# a payload is bytes: what is not ASCII comes as octal escapes, which no payload can break
ITEMS = {
    "sentry": """
SELECT row_to_json(item) FROM (
    SELECT id, received, project, kind, event, issue, title, level, environment, release, server, name, status,
           encode(payload, 'escape') AS payload
    FROM sentry_item ORDER BY id) AS item
""",
    "matomo": """
SELECT row_to_json(item) FROM (
    SELECT id, received, at, visitor, kind, url, title, category, action, name, value, query
    FROM matomo_action ORDER BY id) AS item
""",
}


async def write_items(connection: asyncpg.Connection, sink: str, file: Path) -> int:
    """All items of one snapshot; returns how many. `sink`: sentry or matomo."""
    draft = file.with_suffix(".part")
    done: str = await connection.copy_from_query(ITEMS[sink], output=str(draft), timeout=120, **LINES)
    os.replace(draft, file)
    return int(done.rpartition(" ")[2])
