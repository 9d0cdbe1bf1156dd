"""The door from the host into the lab: sockets that listen on the host's loopback, served inside.

A socket stays in the network namespace it was made in. The launcher opens these on 127.0.0.1 before it enters the lab's
namespaces and hands them over; here they are accepted, and each connection is relayed to a balancer of a site. When the lab
ends, the ports are closed with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from lab import model, tools
from lab.clusters import MAIN, TOOLS
from lab.model import Options
from lab.net.namespace import socket_in

_CHUNK = 1 << 16
_VANTAGE = "witness"


def gates(options: Options) -> dict[str, str]:
    """What a gate leads to: the balancer's address, by name of the gate ("fra", "tools-fra")."""
    clusters = [(MAIN, model.SITES), (TOOLS, tools.sites(options))]
    return {f"{each.prefix}{site}": each.public[site] for each, sites in clusters for site in sites}


def kubernetes_gate(site: str) -> str:
    """Name of the host's socket on which a site's Kubernetes API is served; the provider serves it, outside the sites."""
    return f"kubernetes-{site}"


async def open_gate(to: str, listener: socket.socket) -> asyncio.Server:
    """Relay what `listener` accepts to that address inside the lab."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = socket_in(_VANTAGE)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(inner, (to, model.HTTPS)), 5)
        except OSError:
            inner.close()
            writer.close()
            return
        inside_reader, inside_writer = await asyncio.open_connection(sock=inner)
        await asyncio.gather(_pump(reader, inside_writer), _pump(inside_reader, writer))

    listener.setblocking(False)
    return await asyncio.start_server(relay, sock=listener)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):  # either side may hang up at any time: that ends the relay
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
