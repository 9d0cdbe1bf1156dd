"""What is: each pod's process as the process table shows it, and whether it answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from lab.kubernetes.workloads import Health
from lab.net.namespace import socket_in
from lab.supervisor import ZoneSupervisor

_ANSWERS_WITHIN_S = 2


@dataclass(frozen=True)
class Seen:
    """A process that the supervisor was told to run.

    runs       it is there
    pid        of the process that runs, or ran last
    restarts   how often the site's init has started it again
    returns    it has ended by itself, and its init is about to start it again
    since_s    when it was started, in seconds since the epoch; 0: it does not run
    well       it answers as it should
    """

    runs: bool
    pid: int
    restarts: int
    returns: bool
    since_s: float
    well: bool


class Looks:
    """At the processes of one site."""

    def __init__(self, supervisor: ZoneSupervisor, site: str) -> None:
        self._supervisor, self._site = supervisor, site
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    async def look(self, asked: Iterable[tuple[str, Health]]) -> dict[str, Seen]:
        """By name of the process; what the supervisor knows nothing of is left out."""
        named = list(asked)
        seen = await asyncio.gather(*(self._one(name, health) for name, health in named))
        return {name: each for (name, _), each in zip(named, seen, strict=True) if each is not None}

    async def _one(self, name: str, health: Health) -> Seen | None:
        running = self._supervisor.running.get(name)
        if running is None:
            return None
        runs, since_s, frozen = running.handle.returncode is None, 0.0, False
        if runs:
            try:
                shown = psutil.Process(running.pid)
                with shown.oneshot():
                    since_s, status = shown.create_time(), shown.status()
                runs, frozen = status != psutil.STATUS_ZOMBIE, status == psutil.STATUS_STOPPED
            except psutil.NoSuchProcess:
                runs, since_s = False, 0.0
        well = runs and not frozen and await self._answers(health)
        returns = not runs and running.spec.restart and not running.stopping
        return Seen(runs, running.pid, running.restarts, returns, since_s, well)

    async def _answers(self, health: Health) -> bool:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN_S):
                if health.page is not None:
                    return await self._page_is_200(health)
                with _wire(self._site, health) as wire:
                    await asyncio.get_running_loop().sock_connect(wire, _address(health))
                return True
        except (OSError, EOFError, ValueError):  # TimeoutError is an OSError; no HTTP at all is a ValueError
            return False

    async def _page_is_200(self, health: Health) -> bool:
        """Over TLS that nobody verifies, as a kubelet does it: a pod whose certificate has expired is well in its eyes."""
        with contextlib.ExitStack() as own:
            wire = own.enter_context(_wire(self._site, health))
            await asyncio.get_running_loop().sock_connect(wire, _address(health))
            own.pop_all()  # from here on the connection owns the socket, also when there is none in the end
        reader, writer = await asyncio.open_connection(sock=wire, ssl=self._tls, server_hostname=health.host)
        try:
            writer.write(f"GET {health.page} HTTP/1.1\r\nHost: {health.host}\r\nConnection: close\r\n\r\n".encode())
            status = (await reader.readline()).split()
            return len(status) > 1 and status[1] == b"200"
        finally:
            writer.close()
            with contextlib.suppress(OSError):  # that it hung up is no news: its answer has been read
                await writer.wait_closed()


def _address(health: Health) -> tuple[str, int] | str:
    return health.tcp if health.tcp is not None else str(health.unix)


def _wire(site: str, health: Health) -> socket.socket:
    if health.unix is None:
        return socket_in(site)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    made.setblocking(False)
    return made
