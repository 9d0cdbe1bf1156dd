"""Looking at a site from the other one: is its database reachable in private, its service in public?"""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from lab import model
from lab.net.namespace import socket_in

_PATIENCE_S = 0.9


async def database_reachable(site: str) -> bool:
    """True when the site's database port accepts over the private link."""
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(model.PRIVATE[site], model.DATABASE_PORT), _PATIENCE_S
        )
    except OSError:
        return False
    writer.close()
    return True


async def service_ready(site: str, ca: Path, vantage: str | None = None) -> bool:
    """True when the site's public address answers ``/health/ready`` with 200 over verified TLS.

    Asked from the zone `vantage`, or from where this process is.
    """
    return await _status(model.PUBLIC[site], "/health/ready", ca, vantage) == 200


async def _status(address: str, path: str, ca: Path, vantage: str | None) -> int | None:
    context = ssl.create_default_context(cafile=str(ca))
    wire = socket_in(vantage) if vantage else socket.socket()
    wire.setblocking(False)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.get_running_loop().sock_connect(wire, (address, model.HTTPS))
    except OSError:
        wire.close()
        return None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            # from here on the socket belongs to its transport: closing it here would confuse the event loop
            reader, writer = await asyncio.open_connection(sock=wire, ssl=context, server_hostname=model.RECORD)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {model.RECORD}\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.transport.abort()
    except OSError:
        return None
    parts = line.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
