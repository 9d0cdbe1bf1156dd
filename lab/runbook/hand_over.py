"""The planned way from one site to the other, while both are well: what a takeover may lose, a hand-over must not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lab.model import ServiceFailed
from lab.runbook import underway
from lab.runbook.journal import HAND_OVER, Journal
from lab.runbook.steps import Runbook
from targets.lab_control import LabControl

_ORDER_WITHIN_S = 40
_MOST_APART_S = 2.0  # what servers show of their clocks has whole seconds


@dataclass(frozen=True)
class HandOver:
    """From the active site (`other` of the runbook) to the runbook's own."""

    runbook: Runbook

    @property
    def journal(self) -> Journal:
        return Journal(self.runbook.options.state, self.runbook.site, self.runbook.cluster.name, HAND_OVER)

    async def check(self) -> None:
        """Raises ServiceFailed unless the own database follows the other's closely: nothing has been changed by then."""
        shown = await self.runbook.database.status(self.runbook.other)
        kind = "sync" if self.runbook.options.replication == "sync" else "async"
        if shown.get("mirror") != self.runbook.site or shown.get("sync") != kind:
            raise ServiceFailed(
                f"hand-over to {self.runbook.site}: {self.runbook.other} is {shown['role']}, its mirror is "
                f"{shown.get('mirror')} ({shown.get('sync')}; {kind} is asked)"
            )

    async def clock(self) -> None:
        """Set the own servers' clocks before patients meet them: a site that was without power comes back with any time."""
        if self.runbook.options.defect == "clock-never-set":
            return
        own = self.runbook.site
        if await self._apart_s() > _MOST_APART_S:
            await self._call("servers", site=own, clock_s=0)
        if (apart_s := await self._apart_s()) > _MOST_APART_S:
            raise ServiceFailed(f"hand-over to {own}: its clock is {apart_s:g} s off (limit {_MOST_APART_S:g} s)")

    async def _apart_s(self) -> float:
        shown = await self._call("servers", site=self.runbook.site)
        return max(abs(float(each["clock_s"])) for each in shown["servers"])

    async def forward(self) -> None:
        """Whoever still goes to the other site after this is served here as soon as nobody can be served there."""
        await self._order("forward", state="on")

    async def demote(self) -> None:
        """From here on nobody can write, until the own database is promoted."""
        if self.runbook.options.defect != "hasty-hand-over":
            await self._order("demote")

    async def promote(self) -> None:
        await self.runbook.promote()

    async def dns(self) -> None:
        if self.runbook.options.defect != "forgetful-hand-over":
            await self.runbook.dns()

    async def mirror(self) -> None:
        """The other site follows: commits wait for it again."""
        await self._order("follow")

    async def declare(self) -> None:
        """The line in the journal is the declaration."""

    async def perform(self) -> None:
        """Every step, in the journal; the first that fails ends it."""
        with underway.hand_over(self.runbook.options.state, self.runbook.cluster):
            for name, step in self.steps().items():
                with self.journal.step(name):
                    await step()

    def steps(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """In their order."""
        names = ("check", "clock", "forward", "demote", "promote", "dns", "mirror", "declare")
        return {name: getattr(self, name) for name in names}

    async def _order(self, do: str, **more: Any) -> None:  # JSON values
        await self._call(do, site=self.runbook.other, **more)

    async def _call(self, do: str, **parameters: Any) -> dict[str, Any]:  # JSON values
        provider = LabControl(self.runbook.options.state / "control.sock", timeout_s=_ORDER_WITHIN_S)
        return await asyncio.to_thread(lambda: provider.call(do, **parameters))
