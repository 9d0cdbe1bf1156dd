"""The API servers of a lab: one for each site, each on a socket of the host's loopback, with TLS by the lab's authority."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import uvicorn

from lab import pki
from lab.kubernetes.access import Door
from lab.kubernetes.app import Api
from lab.kubernetes.standing import Standing
from lab.model import Options
from lab.provider import Provider
from lab.storage import Storage
from lab.supervisor import ZoneSupervisor

_ENDS_WITHIN_S = 1  # a watch never ends by itself


class _Server(uvicorn.Server):
    """Leaves signals to the lab."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class _Served:
    """A site's door and what answers behind it; `serving` None: nobody does, and whoever connects is refused.

    `asked_for`: the door's port was bound by its number.
    """

    listener: socket.socket
    standing: Standing
    server: _Server | None = None
    serving: asyncio.Task[None] | None = None
    asked_for: bool = False


class ApiServers:
    """They run from `start` to `stop`, whatever becomes of the sites, unless one is stopped on order."""

    def __init__(self, options: Options, supervisor: ZoneSupervisor, provider: Provider, storage: Storage) -> None:
        self._options, self._supervisor, self._provider, self._storage = options, supervisor, provider, storage
        self._door = Door(options.state)
        self._sites: dict[str, _Served] = {}

    async def start(self, listeners: Mapping[str, socket.socket]) -> None:
        """Serve each site on its socket, which listens already: who connects now waits in its queue."""
        for site, listener in listeners.items():
            standing = Standing(self._options, self._supervisor, self._provider, self._storage, site)
            await standing.look()
            # so that `halt` can keep the port while ends of connections to it are still waiting; those inherit it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._sites[site] = _Served(listener, standing)
            self._serve(self._sites[site])

    def _serve(self, one: _Served) -> None:
        pem = pki.keys(self._options.state).kubernetes
        one.server = _Server(
            uvicorn.Config(
                Api(one.standing, self._door),
                http="h11",
                ws="none",
                lifespan="off",
                loop="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ssl_certfile=pem,
                ssl_keyfile=pem,
                timeout_graceful_shutdown=_ENDS_WITHIN_S,
            )
        )
        # uvicorn closes what it was given when it ends; the door itself is kept, for it cannot be made anew in here
        one.serving = asyncio.create_task(one.server.serve([one.listener.dup()]))

    async def run(self, site: str) -> None:
        """Serve that site again; harmless when it is served."""
        one = self._sites[site]
        if one.serving is None:
            one.listener.listen()
            self._serve(one)

    async def halt(self, site: str) -> None:
        """End that site's server: connections are closed, new ones refused; what was ordered stays. Harmless when it is down."""
        one = self._sites[site]
        if one.serving is None:
            return
        await _ended(one)
        address = one.listener.getsockname()
        one.listener.shutdown(socket.SHUT_RDWR)
        if (
            not one.asked_for
        ):  # shutdown gives a port back that the kernel chose, and keeps one that was asked for by number
            one.listener.bind(address)
            one.asked_for = True

    def runs(self, site: str) -> bool:
        """Whether it is served."""
        return self._sites[site].serving is not None

    async def lift(self, site: str) -> None:
        """Give back all that was taken from a site by orders of this interface. Raises ServiceFailed, Refused."""
        await self._sites[site].standing.orders.lift()

    async def stop(self) -> None:
        """No answer and no order after this."""
        await asyncio.gather(*(_ended(one) for one in self._sites.values()))
        for one in self._sites.values():
            await one.standing.orders.stop()


async def _ended(one: _Served) -> None:
    if one.server is not None and one.serving is not None:
        one.server.should_exit = True
        await one.serving
    one.server = one.serving = None
