"""What is broken on order lives as long as whoever ordered it: a lease that is not renewed ends, and everything is mended.

``lease`` with ``ttl_s`` takes or renews it, with ``release`` gives it back. A drill that is killed renews nothing any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
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
        self._changed = asyncio.Event()
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
        self._changed.set()  # a shorter lease than the one before must not be waited for as long as that
        return {"holder": self._holder, "lapsed": self.lapsed, "t_ns": time.monotonic_ns()}

    async def _watch(self) -> None:
        while self._holder:
            left = self._until - time.monotonic()
            if left > 0:
                self._changed.clear()
                with contextlib.suppress(TimeoutError):  # nobody renewed it: looked at in the next turn
                    await asyncio.wait_for(self._changed.wait(), left)
                continue
            holder, self._holder = self._holder, ""
            print(f"lease of {holder}: not renewed, everything is mended", flush=True)
            try:
                mended = await self._mend()
            except Exception as error:  # noqa: BLE001 - a fault of ours: the lab's log shows it, and the lease is over
                traceback.print_exception(error)
                mended = [f"failed: {' '.join(str(error).split()) or type(error).__name__}"]
            self.lapsed.append({"holder": holder, "mended": mended, "t_ns": time.monotonic_ns()})
