"""The service that workers are measured against: acknowledges every upload after a known delay, and can go dark.

    python -m drill.scale.peer FOLDER DELAY_MS

Standard output: one JSON line with what a target file needs. Standard input: ``dark SECONDS`` a line; its end ends the process.
Dark: connections are taken and nothing more, as by a balancer whose site is lost; what was sent before gets no answer. Names are
resolved all the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import resource
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import uvloop
from ruamel.yaml import YAML

from lab import pki
from targets.model import Target

HOST = "vitals.heart.test"
_TTL_S = 5
_BACKLOG = 4096
_HELD_S = 15.0  # a connection taken while dark: longer than any client waits for it


class Peer:
    """HTTPS over TCP and DNS over UDP, both on the loopback."""

    def __init__(self, folder: Path, delay_s: float) -> None:
        folder.mkdir(parents=True)
        self.keys = pki.make_keys(folder)
        self.delay_s = delay_s
        self._dark_until = 0.0
        self._loop = asyncio.get_running_loop()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.keys.certificate, self.keys.key)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def dark(self) -> bool:
        return self._loop.time() < self._dark_until

    def go_dark(self, seconds: float) -> None:
        self._dark_until = self._loop.time() + seconds

    def serve(self) -> None:
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                wire, _ = self._socket.accept()
                wire.setblocking(False)
                if self.dark:
                    self._loop.call_later(_HELD_S, wire.close)
                else:
                    task = self._loop.create_task(self._take(wire))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def _take(self, wire: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            await self._loop.connect_accepted_socket(lambda: _Uploads(self), wire, ssl=self._tls)


class _Uploads(asyncio.Protocol):
    """One connection."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._data = peer, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # a TLS transport: asyncio's types do not say so

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._data = b""
        close = b"Connection: close" in head
        digest = hashlib.sha256(body).hexdigest()
        asyncio.get_running_loop().call_later(self._peer.delay_s, self._answer, digest, close)

    def _answer(self, digest: str, close: bool) -> None:
        if self._peer.dark or self._transport.is_closing():
            return
        said = f"Content-Length: 0\r\nUpload-Ack: 1\r\nUpload-Digest: {digest}\r\nServing-Site: fra\r\n"
        self._transport.write(
            f"HTTP/1.1 201 Created\r\n{said}Connection: {'close' if close else 'keep-alive'}\r\n\r\n".encode()
        )
        if close:
            self._transport.close()


class _Names(asyncio.DatagramProtocol):
    """One answer to every question; only the query's number is taken over."""

    def __init__(self) -> None:
        answer = dns.message.make_response(dns.message.make_query(HOST, "A"))
        answer.answer.append(dns.rrset.from_text(f"{HOST}.", _TTL_S, "IN", "A", "127.0.0.1"))
        self._wire = answer.to_wire()[2:]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # a datagram transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # asyncio's address
        self._transport.sendto(data[:2] + self._wire, addr)


def write_target(said: dict[str, Any], path: Path) -> Path:  # as the peer said it
    """The target file of a peer: one site, three resolvers that are one, three distances without a source address."""
    described: dict[str, Any] = {
        "schema": "zweitherz/target/1",
        "name": "peer for measuring",
        "environment": "lab",
        "sites": [{"name": "fra", "region": "DE", "address": "127.0.0.1"}],
        "service": {"host": HOST, "port": said["port"], "ca_file": said["ca_file"], "active": "fra"},
        "zone": {"name": "heart.test", "record": HOST, "ttl_s": _TTL_S, "authoritative": []},
        "resolvers": [
            {"name": name, "address": "127.0.0.1", "port": said["dns_port"], "kind": kind}
            for name, kind in (("honest", "honest"), ("clamped", "clamped"), ("stale", "stale"))
        ],
        "distances": [{"name": name} for name in ("near", "middle", "far")],
        "secrets": {"token_key_file": said["token_key_file"]},
    }
    Target.model_validate(described)
    with path.open("w") as out:
        YAML().dump(described, out)
    return path


async def _main(folder: Path, delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # clients that went away while they were answered
    peer = Peer(folder, delay_s)
    names, _ = await loop.create_datagram_endpoint(_Names, local_addr=("127.0.0.1", 0))
    peer.serve()
    said = {
        "port": peer.port,
        "dns_port": names.get_extra_info("sockname")[1],
        "ca_file": str(peer.keys.ca),
        "token_key_file": str(peer.keys.token_key),
    }
    print(json.dumps(said), flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        word, _, seconds = line.decode().partition(" ")
        if word == "dark":
            peer.go_dark(float(seconds))


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(_main(Path(sys.argv[1]), float(sys.argv[2]) / 1000))
