"""The API servers of a lab: one for each site, each on a socket of the host's loopback, with TLS by the lab's authority."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping

import uvicorn

from lab import pki
from lab.kubernetes.access import Door
from lab.kubernetes.app import Api
from lab.kubernetes.standing import Standing
from lab.model import Options
from lab.provider import Provider
from lab.supervisor import ZoneSupervisor

_ENDS_WITHIN_S = 1  # a watch never ends by itself


class _Server(uvicorn.Server):
    """Leaves signals to the lab."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiServers:
    """They run from `start` to `stop`, whatever becomes of the sites."""

    def __init__(self, options: Options, supervisor: ZoneSupervisor, provider: Provider) -> None:
        self._options, self._supervisor, self._provider = options, supervisor, provider
        self._standing: list[Standing] = []
        self._servers: list[_Server] = []
        self._serving: list[asyncio.Task[None]] = []

    async def start(self, listeners: Mapping[str, socket.socket]) -> None:
        """Serve each site on its socket, which listens already: who connects now waits in its queue."""
        door = Door(self._options.state)
        pem = pki.keys(self._options.state).kubernetes
        for site, listener in listeners.items():
            standing = Standing(self._options, self._supervisor, self._provider, site)
            await standing.look()
            server = _Server(
                uvicorn.Config(
                    Api(standing, door),
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
            self._standing.append(standing)
            self._servers.append(server)
            self._serving.append(asyncio.create_task(server.serve([listener])))

    async def lift(self, site: str) -> None:
        """Give back all that was taken from a site by orders of this interface. Raises ServiceFailed, Refused."""
        for standing in self._standing:
            if standing.site == site:
                await standing.orders.lift()

    async def stop(self) -> None:
        """No answer and no order after this."""
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._serving)
        for standing in self._standing:
            await standing.orders.stop()
