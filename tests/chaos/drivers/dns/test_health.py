"""A health page over TLS on the loopback, under the service's name."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.drivers.dns.health import says_ready
from lab import manifest_files
from targets.model import Service


class Page(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        good = self.path == "/health/ready" and self.headers["Host"].startswith("vitals.heart.test")
        self.send_response(self.status if good else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    manifest_files.make(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "vitals.pem", tmp_path / "secrets/vitals.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Service(host="vitals.heart.test", port=server.server_port, ca_file=tmp_path / "ca.pem", active="fra")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (302, False)])
def test_ready_is_200(service: Service, monkeypatch: pytest.MonkeyPatch, status: int, ready: bool) -> None:
    monkeypatch.setattr(Page, "status", status)
    assert says_ready(service, "127.0.0.1") is ready


def test_somebody_elses_certificate_is_no_answer(service: Service) -> None:
    assert not says_ready(service.model_copy(update={"host": "stranger.test"}), "127.0.0.1")


def test_nobody_there_is_not_ready(service: Service) -> None:
    assert not says_ready(service.model_copy(update={"port": 1}), "127.0.0.1")
