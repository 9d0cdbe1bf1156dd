"""``python -m lab.oncall ADDRESS PORT PEM TOKEN_FILE DELIVERIES``: one JSON line for each alert of each delivery.

Lines: ``t`` (CLOCK_MONOTONIC, ns), ``alert`` (its name), ``site`` (label, where there is one), ``state`` (firing | resolved),
``starts``, ``ends`` (as Alertmanager says, ISO 8601), ``labels``. Payload: https://prometheus.io/docs/alerting/latest/configuration/.
"""

from __future__ import annotations

import hmac
import json
import os
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_LONGEST = 1 << 20


class OnCall(ThreadingHTTPServer):
    """HTTPS on `address`; deliveries are appended to `file`."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], pem: Path, token: str, file: Path) -> None:
        super().__init__(address, _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(pem)
        # shaken hands with in the handler's own thread: a caller that says nothing holds up nobody else
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.token, self._file = token, file

    def write_down(self, payload: dict[str, Any]) -> None:
        """Each alert of a delivery as one line, written at once. Raises KeyError for what is no webhook of Alertmanager."""
        now = time.monotonic_ns()
        lines = [
            {
                "t": now,
                "alert": alert["labels"]["alertname"],
                "site": alert["labels"].get("site"),
                "state": alert["status"],
                "starts": alert["startsAt"],
                "ends": alert["endsAt"],
                "labels": alert["labels"],
            }
            for alert in payload["alerts"]
        ]
        whole = "".join(json.dumps(line) + "\n" for line in lines)
        fd = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, whole.encode())
        finally:
            os.close(fd)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    server: OnCall

    def do_POST(self) -> None:
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            self._end(401)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _LONGEST:
            self._end(400)
            return
        try:
            self.server.write_down(json.loads(self.rfile.read(int(length))))
        except (ValueError, KeyError, TypeError):
            self._end(400)
            return
        self._end(200)

    def do_GET(self) -> None:
        self._end(200 if self.path == "/health/ready" else 404)

    def _end(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: what came is in the deliveries."""


def main(arguments: list[str]) -> None:
    address, port, pem, token, file = arguments
    server = OnCall((address, int(port)), Path(pem), Path(token).read_text().strip(), Path(file))
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
