"""``python -m lab.stranger ADDRESS PORT PEM``: HTTPS with a certificate for our name, signed by somebody nobody trusts.

It answers every upload as the service would (``upload-ack``, ``upload-digest``), and keeps nothing.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_LONGEST = 1 << 20


class Stranger(ThreadingHTTPServer):
    """HTTPS on `address`."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], pem: Path) -> None:
        super().__init__(address, _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(pem)
        # shaken hands with in the handler's own thread: a caller that says nothing holds up nobody else
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever verifies hangs up during the handshake: that is what this host is for, and no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as socketserver passes them on


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        self._end(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LONGEST:
            self.send_error(400)
            return
        self._end(self.rfile.read(int(length)))

    def _end(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("upload-ack", "1")
        self.send_header("upload-digest", hashlib.sha256(body).hexdigest())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: it keeps nothing."""


def main(arguments: list[str]) -> int:
    address, port, pem = arguments
    Stranger((address, int(port)), Path(pem)).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
