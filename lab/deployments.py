"""What is done on order to the application servers of a site: deployed otherwise than they should be, short of processor time,
or their connections cut."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from typing import Any

import psutil

from lab import family, model
from lab.control import Answer, number_of, one_of, site_of
from lab.model import Options, ServiceFailed
from lab.net.namespace import inside
from lab.services import haproxy, vitals
from lab.services.vitals import OLD_RELEASE, Deployment
from lab.supervisor import ZoneSupervisor
from lab.vitals import shown
from lab.vitals.settings import VERSION

_PERIOD_S = 0.1  # as the kernel's own bandwidth control takes it
_SAMPLED_S = 1.0
_MOST_AHEAD_S = 3600


class Deployments:
    """Of both sites."""

    def __init__(self, options: Options, supervisor: ZoneSupervisor) -> None:
        self._options, self._supervisor = options, supervisor
        self.otherwise: set[str] = set()  # sites whose servers are not deployed as they should be
        self._throttles: dict[str, asyncio.Task[None]] = {}

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {"servers": self.servers, "throttle": self.throttle, "cut-connections": self.cut_connections}

    async def servers(self, request: dict[str, Any]) -> Answer:
        """A site's application servers deployed anew, one by one; or (without a change) how they are, as they show it."""
        site = site_of(request)
        if {"certificate", "clock_s", "release"} & set(request):
            wanted = Deployment(
                one_of(request, "certificate", ("valid", "expired")) if "certificate" in request else "valid",
                number_of(request, "clock_s", -_MOST_AHEAD_S, _MOST_AHEAD_S) if "clock_s" in request else 0,
                one_of(request, "release", (VERSION, OLD_RELEASE)) if "release" in request else VERSION,
            )
            begun = time.monotonic_ns()
            self.otherwise.add(site)
            for server in vitals.application_servers(self._options, site, wanted):
                await self._supervisor.stop(server.name)
                await self._supervisor.start(server)
            if wanted == Deployment():
                self.otherwise.discard(site)
            return {"t_ns": begun}
        seen = [await asyncio.to_thread(_look, site, number) for number in range(self._options.servers_per_site)]
        return {"servers": seen, "t_ns": time.monotonic_ns()}

    async def throttle(self, request: dict[str, Any]) -> Answer:
        """Give a site's servers only a share of the time that they want; or (without one) the share that they are stopped."""
        site = site_of(request)
        if "share" in request:
            share = number_of(request, "share", 0.05, 1)
            await self._end_throttle(site)
            if share < 1:
                self._throttles[site] = asyncio.create_task(self._hold_back(site, share))
        return {"stopped": await self._stopped(site), "t_ns": time.monotonic_ns()}

    async def cut_connections(self, request: dict[str, Any]) -> Answer:
        """Every connection from patients to the site's servers ends at once, whatever is on its way. How many there were."""
        return {"cut": await haproxy.cut_connections(site_of(request)), "t_ns": time.monotonic_ns()}

    async def _hold_back(self, site: str, share: float) -> None:
        """Stopped for the rest of each period: what a quota of the kernel does, without burning anybody's time."""
        pids: list[int] = []
        members: list[psutil.Process] = []
        try:
            while True:
                if pids != (
                    now := self._pids(site)
                ):  # finding a process's children means reading the whole process table
                    pids, members = now, [member for pid in now for member in family.family(pid)]
                _signal(members, signal.SIGSTOP)
                await asyncio.sleep(_PERIOD_S * (1 - share))
                _signal(members, signal.SIGCONT)
                await asyncio.sleep(_PERIOD_S * share)
        finally:
            _signal(members, signal.SIGCONT)

    async def _end_throttle(self, site: str) -> None:
        if task := self._throttles.pop(site, None):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _pids(self, site: str) -> list[int]:
        names = [vitals.name(site, number) for number in range(self._options.servers_per_site)]
        return [pid for name in names if (pid := self._supervisor.pid(name)) is not None]

    async def _stopped(self, site: str) -> float:
        """Share of a second in which the process table shows the servers stopped."""
        seen = stopped = 0
        until = time.monotonic() + _SAMPLED_S
        while time.monotonic() < until:
            for pid in self._pids(site):
                with contextlib.suppress(psutil.NoSuchProcess):
                    seen += 1
                    stopped += psutil.Process(pid).status() == psutil.STATUS_STOPPED
            await asyncio.sleep(0.007)  # no divisor of the period
        if not seen:
            raise ServiceFailed(f"{site}: none of its application servers runs")
        return round(stopped / seen, 3)


def _signal(members: list[psutil.Process], number: signal.Signals) -> None:
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(number)


def _look(site: str, number: int) -> dict[str, Any]:
    """What a server shows at its own port (`shown.look`). Raises ServiceFailed."""
    port = vitals.FIRST_PORT + number
    try:
        with inside(site):
            plain = socket.create_connection(("127.0.0.1", port), timeout=shown.ANSWERED_WITHIN_S)
        return shown.look(plain, model.RECORD, time.time)
    except shown.Unreadable as error:
        raise ServiceFailed(f"{vitals.name(site, number)}: {type(error).__name__}: {error}") from error
