"""The lab's control socket: one JSON object a line in, one out (calls: `targets.lab_control`)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from lab.model import SITES

Answer = dict[str, Any]  # JSON values, different for each call
Call = Callable[[dict[str, Any]], Awaitable[Answer]]

_LONGEST_LINE = 1 << 16


class Refused(ValueError):
    """A call that the lab does not carry out; one line says why."""


async def serve(path: Path, calls: Mapping[str, Call], failures: tuple[type[Exception], ...]) -> asyncio.Server:
    """Answer calls at `path` (mode 600). Refused and `failures` become one line for the caller."""
    expected: tuple[type[Exception], ...] = (Refused, *failures)

    async def answer(line: bytes) -> Answer:
        try:
            request = json.loads(line)
            do = request.pop("do")
            call = calls[do]
        except (ValueError, AttributeError, TypeError, KeyError):
            return {"ok": False, "error": f"unknown call; there are: {', '.join(sorted(calls))}"}
        try:
            return {"ok": True, **await call(request)}
        except expected as error:
            return {"ok": False, "error": " ".join(str(error).split())}
        except KeyError as error:
            return {"ok": False, "error": f"{do}: parameter {error} is missing or unknown"}
        except Exception as error:  # noqa: BLE001 - a fault of ours: the caller is told, and does not wait for ever
            traceback.print_exc()
            return {"ok": False, "error": f"{do}: {type(error).__name__}: {' '.join(str(error).split())}"}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):  # a caller may hang up without waiting for the answer
            while line := await reader.readline():
                writer.write(json.dumps(await answer(line)).encode() + b"\n")
                await writer.drain()
        writer.close()

    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        # relative, because a socket's path has at most 108 bytes
        return await asyncio.start_unix_server(converse, os.path.relpath(path), limit=_LONGEST_LINE)
    finally:
        os.umask(before)


def site_of(request: dict[str, Any]) -> str:
    """The site that a call names. Raises Refused."""
    site = request["site"]
    if site not in SITES:
        raise Refused(f"site {site!r}: there are {', '.join(SITES)}")
    return str(site)


def number_of(request: dict[str, Any], key: str, least: float, most: float) -> float:
    """A number within these bounds. Raises Refused."""
    value = request[key]
    if not isinstance(value, int | float) or not least <= value <= most:
        raise Refused(f"{key} {value!r}: must be a number from {least:g} to {most:g}")
    return float(value)


def one_of(request: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    """One of these words. Raises Refused."""
    if request[key] not in allowed:
        raise Refused(f"{key} {request[key]!r}: there are {', '.join(allowed)}")
    return str(request[key])
