"""Bulk read-back by the convention of FHIR bulk export, with a proof of completeness.

Kick-off answers 202 with ``Content-Location``; the status answers 202 until the file is whole, then a manifest. All rows
come from one snapshot (one statement), in order of acknowledgement. The proof (count, last acknowledgement, SHA-256 of the
file) lets a reader see that nothing was cut off. Files lie on the site's volume, so that any server of the site can answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

import asyncpg

from lab.vitals.outcome import Refusal
from lab.vitals.store import Store

# One JSON object a line; the digest is computed from the stored body at reading, not taken from what was claimed at writing.
ROWS = """
SELECT format('{"resourceType":"Bundle","id":"%s","identifier":{"value":%s},"patient":%s,"seq":%s,"digest":"%s","stored":%s}',
              ack, to_json(key), to_json(patient), seq, encode(sha256(body), 'hex'), stored)
FROM upload ORDER BY ack
"""
# plain lines: quote and delimiter are characters that JSON never contains unescaped
LINES: dict[str, Any] = {"format": "csv", "quote": "\x01", "delimiter": "\x02", "escape": "\x01"}
_NAME = re.compile(r"[0-9a-f]{16}")
_KEEP_S = 3600


class Exports:
    """The exports of one site."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._store = store
        self._working: set[asyncio.Task[None]] = set()

    def begin(self, request_url: str) -> str:
        """Start an export; returns its name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.iterdir():
            if time.time() - old.stat().st_mtime > _KEEP_S:
                old.unlink(missing_ok=True)
        name = secrets.token_hex(8)
        (self._folder / f"{name}.begun").write_text(request_url)
        task = asyncio.create_task(self._work(name, request_url))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return name

    def status(self, name: str) -> dict[str, Any] | None:
        """The manifest, or None while the export goes on. Raises Refusal 404, or 500 where it failed."""
        if not _NAME.fullmatch(name) or not (self._folder / f"{name}.begun").exists():
            raise Refusal(404, "not-found", "no such export")
        failed = self._folder / f"{name}.failed"
        if failed.exists():
            raise Refusal(500, "exception", failed.read_text())
        manifest = self._folder / f"{name}.json"
        if not manifest.exists():
            return None
        whole: dict[str, Any] = json.loads(manifest.read_text())
        return whole

    def file(self, name: str) -> Path:
        """The NDJSON file of a finished export. Raises Refusal 404."""
        path = self._folder / f"{name}.ndjson"
        if not _NAME.fullmatch(name) or not path.exists():
            raise Refusal(404, "not-found", "no such export")
        return path

    async def _work(self, name: str, request_url: str) -> None:
        try:
            async with self._store.pool.acquire() as connection:
                proof = await write_rows(connection, self._folder / f"{name}.ndjson")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Refusal) as error:
            (self._folder / f"{name}.failed").write_text(f"the export failed: {type(error).__name__}")
            return
        manifest = {
            "transactionTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request": request_url,
            "requiresAccessToken": True,
            "output": [{"type": "Bundle", "url": f"/fhir/export/{name}/uploads.ndjson", "count": proof["count"]}],
            "error": [],
            "extension": {"proof": proof},
        }
        draft = self._folder / f"{name}.draft"
        draft.write_text(json.dumps(manifest))
        draft.rename(self._folder / f"{name}.json")


async def write_rows(connection: asyncpg.Connection, path: Path) -> dict[str, Any]:
    """Every upload of one snapshot as NDJSON in `path`; returns the proof: count, last_ack, sha256."""
    draft = path.with_suffix(".part")
    await connection.copy_from_query(ROWS, output=str(draft), timeout=120, **LINES)
    digest, count, last = hashlib.sha256(), 0, b""
    with draft.open("rb") as lines:
        for line in lines:
            digest.update(line)
            count += 1
            last = line
    os.replace(draft, path)
    return {"count": count, "last_ack": int(json.loads(last)["id"]) if last else None, "sha256": digest.hexdigest()}
