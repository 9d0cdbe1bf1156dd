"""Serves metrics over HTTP/1.1 from threads of its own. Who asks every second keeps his connection: no handshake each time.

The client library's own server asks the system's resolver for its name. Where patients stand, that resolver is not theirs: the
question would leave for an address that nobody declared.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

_IDLE_S = 30  # a caller that asks for nothing so long is let go; it also bounds a handshake that never ends


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """In the caller's own thread: one that never shakes hands holds up nobody else."""
        if not isinstance(request, socket.socket):
            raise TypeError("a TCP server is asked over TCP")
        request.settimeout(_IDLE_S)
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        try:
            with self.tls.wrap_socket(request, server_side=True) as wire:
                super().finish_request(wire, client_address)
        except OSError:
            return  # without a certificate of the house, or gone meanwhile: such a caller is owed nothing

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away in the middle is no error of ours; anything else ends in the log."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # what socketserver gave us


def serve(
    registry: CollectorRegistry, address: str, port: int, pem: Path | None = None, ca: Path | None = None
) -> tuple[str, int]:
    """Answer ``GET /metrics`` at that IPv4 address until the process ends; returns where (port 0: a free one).

    With `pem` (key and certificate in one file) and `ca`: over TLS, to callers with a certificate of that authority alone.
    Raises OSError, OverflowError.
    """

    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = self.path.partition("?")[0] == "/metrics"
            body = generate_latest(registry) if found else b"there is /metrics\n"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST if found else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: Prometheus asks every second."""

    server = _Server((address, port), Page)
    if pem is not None:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.minimum_version = ssl.TLSVersion.TLSv1_3
        server.tls.load_cert_chain(pem)
        server.tls.load_verify_locations(ca)
        server.tls.verify_mode = ssl.CERT_REQUIRED
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return str(server.server_address[0]), int(server.server_address[1])
