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
_DNS_PORT = 53

ACCEPTS, REFUSES, SILENT = (
    "accepts",
    "refuses",
    "silent",
)  # a port: somebody listens; the host lives, nobody listens; nothing


async def database_port(cluster: Cluster, site: str) -> str:
    """The cluster's database port at that site over the private link: accepts, refuses or silent."""
    return await _port(model.PRIVATE[site], cluster.port)


async def service_ready(cluster: Cluster, site: str, ca: Path, vantage: str | None = None) -> bool:
    """True when the cluster's public address at that site answers ``/health/ready`` with 200 over verified TLS.

    Asked from the zone `vantage`, or from where this process is.
    """
    return await _status(cluster.public[site], cluster.record, ca, vantage) == 200


async def balancer_accepts(cluster: Cluster, site: str) -> bool:
    """True when that address accepts: the site lives. A mirror's balancer has nobody to send a request to, and hangs up."""
    return await _port(cluster.public[site], model.HTTPS) == ACCEPTS


async def reaches_outside() -> bool:
    """True when this site's own way out works: somebody outside both sites accepts."""
    ports = await asyncio.gather(*(_port(address, _DNS_PORT) for address in model.AUTHORITATIVE.values()))
    return ACCEPTS in ports


async def _port(address: str, port: int) -> str:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), _PATIENCE_S)
    except ConnectionRefusedError:
        return REFUSES
    except OSError:
        return SILENT
    writer.close()
    return ACCEPTS


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
