"""Looking at a site from the other one: is its database reachable in private, its service in public?"""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from lab import model
from lab.clusters import Cluster
from lab.net.namespace import socket_in

_PATIENCE_S = 0.9


async def database_reachable(cluster: Cluster, site: str) -> bool:
    """True when the cluster's database port at that site accepts over the private link."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(model.PRIVATE[site], cluster.port), _PATIENCE_S)
    except OSError:
        return False
    writer.close()
    return True


async def service_ready(cluster: Cluster, site: str, ca: Path, vantage: str | None = None) -> bool:
    """True when the cluster's public address at that site answers ``/health/ready`` with 200 over verified TLS.

    Asked from the zone `vantage`, or from where this process is.
    """
    return await _status(cluster.public[site], cluster.record, ca, vantage) == 200


async def service_answers(cluster: Cluster, site: str, ca: Path) -> bool:
    """True when that address answers anything at all: a mirror says 503, and lives."""
    return await _status(cluster.public[site], cluster.record, ca, None) is not None


async def _status(address: str, host: str, ca: Path, vantage: str | None) -> int | None:
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
            reader, writer = await asyncio.open_connection(sock=wire, ssl=context, server_hostname=host)
            try:
                writer.write(f"GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.transport.abort()
    except OSError:
        return None
    parts = line.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
