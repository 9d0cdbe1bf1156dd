"""What is broken on order lives as long as whoever ordered it: a lease that is not renewed ends, and everything is mended.

``lease`` with ``ttl_s`` takes or renews it, with ``release`` gives it back. A drill that is killed renews nothing any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from lab.control import Answer, number_of

_LONGEST_S = 3600


class Lease:
    """One for the lab. `mend` is called when it has lapsed; what it raises is printed, and the lease is over all the same."""

    def __init__(self, mend: Callable[[], Awaitable[list[str]]]) -> None:
        self._mend = mend
        self._until = 0.0
        self._holder = ""
        self._watching: asyncio.Task[None] | None = None
        self.lapsed: list[dict[str, Any]] = []  # JSON values: holder, mended, t_ns

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {"lease": self.lease}

    async def lease(self, request: dict[str, Any]) -> Answer:
        if request.get("release"):
            self._until, self._holder = 0.0, ""
        elif "ttl_s" in request:
            self._holder = str(request["holder"])
            self._until = time.monotonic() + number_of(request, "ttl_s", 1, _LONGEST_S)
            if self._watching is None or self._watching.done():
                self._watching = asyncio.create_task(self._watch())
        return {"holder": self._holder, "lapsed": self.lapsed, "t_ns": time.monotonic_ns()}

    async def _watch(self) -> None:
        while self._holder:
            left = self._until - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
                continue
            holder, self._holder = self._holder, ""
            print(f"lease of {holder}: not renewed, everything is mended", flush=True)
            mended = await self._mend()
            self.lapsed.append({"holder": holder, "mended": mended, "t_ns": time.monotonic_ns()})
