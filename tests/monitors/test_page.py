"""The metrics page: answers over TLS to those with a certificate, and asks no resolver for its own name."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
import requests
from prometheus_client import CollectorRegistry, Gauge

from lab import pki
from monitors import page


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    Gauge("monitor_up", "x", registry=made).set(1)
    return made


def test_a_page_is_served_without_any_look_up(registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("asked for a name")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    port = free_port()
    page.serve(registry, "127.0.0.1", port)
    monkeypatch.undo()
    assert "monitor_up 1.0" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text


def test_over_tls_only_those_with_a_certificate_are_answered(registry: CollectorRegistry, tmp_path: Path) -> None:
    keys = pki.make_keys(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_verify_locations(keys.ca)
    tls.load_cert_chain(keys.tools)  # a certificate that names the loopback
    tls.verify_mode = ssl.CERT_REQUIRED
    port = free_port()
    page.serve(registry, "127.0.0.1", port, tls)
    url = f"https://127.0.0.1:{port}/metrics"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, verify=str(keys.ca), timeout=5)
    answer = requests.get(url, verify=str(keys.ca), cert=str(keys.private), timeout=5)
    assert "monitor_up 1.0" in answer.text
