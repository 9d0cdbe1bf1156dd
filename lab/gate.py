"""The door from the host into the lab: sockets that listen on the host's loopback, served inside.

A socket stays in the network namespace it was made in. The launcher opens these on 127.0.0.1 before it enters the lab's
namespaces and hands them over; here they are accepted, and each connection is relayed to a site's balancer. When the lab
ends, the ports are closed with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from lab import model
from lab.net.namespace import socket_in

_CHUNK = 1 << 16
_VANTAGE = "witness"


async def open_gate(site: str, listener: socket.socket) -> asyncio.Server:
    """Relay what `listener` accepts to that site's public address."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = socket_in(_VANTAGE)
        try:
            address = (model.PUBLIC[site], model.HTTPS)
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(inner, address), 5)
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
