"""A tiny HTTPS server on the loopback in Matomo's place, for answers that no lab gives on demand."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab import pki

NAME = "matomo.tools.heart.test"


def loopback(name: str, within_s: float) -> str:
    assert (name, within_s > 0) == (NAME, True)
    return "127.0.0.1"


class MatomoServer(ThreadingHTTPServer):
    """Bound, and refusing until `listen`. `moods`: what to do with the next requests, one each; then it takes them all.

    taken        ids (dimension1) of the events stored, in order, again where they came again
    connections  that were accepted
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answers, bind_and_activate=False)
        self.server_bind()
        keys = pki.make_keys(folder)
        self.ca = keys.ca
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(keys.tools)
        # the handshake is the handler's first act, in its own thread
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.moods: list[str] = []
        self.taken: list[str] = []
        self.seen: list[dict[str, str]] = []
        self.connections = 0
        self.closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.server_address[1]}"

    def listen(self) -> None:
        self.server_activate()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""

    def end(self) -> None:
        self.closing.set()
        if self._thread is not None:
            self.shutdown()
            self._thread.join(5)
        self.server_close()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MatomoServer

    def do_POST(self) -> None:
        assert self.path == "/matomo.php"
        requests = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["requests"]
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        mood = self.server.moods.pop(0) if self.server.moods else "take"
        if mood in ("take", "hang-after", "drip", "leave", "chunked"):
            self.server.taken += [each.partition("dimension1=")[2].partition("&")[0] for each in requests]
        if mood in ("hang", "hang-after"):
            self.server.closing.wait(30)
        elif mood == "cut":
            self.close_connection = True
        elif mood == "noise":
            self.wfile.write(b"\0" * 80 + b"\r\n")
            self.close_connection = True
        elif mood == "drip":
            self._drip()
        elif mood == "nothing-said":
            self._say(200, b"<html>welcome</html>")
        elif mood.isdigit():
            self._say(int(mood), b'{"status": "error"}')
        else:
            invalid = 2 if mood == "invalid" else 0
            tracked = len(requests) - invalid
            self._say(200, json.dumps({"status": "success", "tracked": tracked, "invalid": invalid}).encode(), mood)

    def _say(self, status: int, body: bytes, mood: str = "") -> None:
        self.send_response(status)
        self.send_header("Serving-Site", "gra")
        if mood == "leave":
            self.send_header("Connection", "close")
        if mood == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if mood == "close-later":
            self.close_connection = True  # without having said so

    def _drip(self) -> None:
        """A byte now and then: each of them in time, the whole never."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        while not self.server.closing.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def serving(folder: Path, *moods: str, listening: bool = True) -> Iterator[MatomoServer]:
    server = MatomoServer(folder)
    server.moods += moods
    if listening:
        server.listen()
    try:
        yield server
    finally:
        server.end()
