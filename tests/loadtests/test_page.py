"""The page of metrics: kept connections, TLS at both ends, nobody held up."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest
import requests
from prometheus_client import CollectorRegistry, Gauge

from lab import pki
from loadtests.page import serve


@pytest.fixture
def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    Gauge("loadtests_in_flight", "x", registry=made).set(3)
    return made


def test_a_caller_keeps_his_connection(registry: CollectorRegistry) -> None:
    address, port = serve(registry, "127.0.0.1", 0)
    caller = http.client.HTTPConnection(address, port, timeout=5)
    ours = []
    for _ in range(2):
        caller.request("GET", "/metrics")
        ours.append(caller.sock.getsockname())
        answer = caller.getresponse()
        assert (answer.status, b"loadtests_in_flight 3.0" in answer.read()) == (200, True)
    caller.close()
    assert ours[0] == ours[1]
    assert requests.get(f"http://{address}:{port}/else", timeout=5).status_code == 404


def test_callers_without_a_certificate_of_the_house_get_nothing(registry: CollectorRegistry, tmp_path: Path) -> None:
    keys = pki.make_keys(tmp_path)
    address, port = serve(registry, "127.0.0.1", 0, keys.tools, keys.ca)
    url, pem = f"https://{address}:{port}/metrics", str(keys.tools)
    with socket.create_connection((address, port)):  # one that never shakes hands holds up nobody else
        answer = requests.get(url, cert=(pem, pem), verify=str(keys.ca), timeout=5)
        assert "loadtests_in_flight 3.0" in answer.text
    with pytest.raises((requests.exceptions.SSLError, requests.exceptions.ConnectionError)):
        requests.get(url, verify=str(keys.ca), timeout=5)
    stranger = str(pki.strangers_pem(tmp_path))
    with pytest.raises((requests.exceptions.SSLError, requests.exceptions.ConnectionError)):
        requests.get(url, cert=(stranger, stranger), verify=str(keys.ca), timeout=5)


def test_a_port_that_is_taken_is_an_error(registry: CollectorRegistry) -> None:
    _, port = serve(registry, "127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        serve(registry, "127.0.0.1", port)


def test_no_name_is_looked_up(registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where patients stand, the system's resolver is nobody's who was declared."""

    def asked(*_: object) -> str:
        raise AssertionError("a resolver was asked")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname", "getaddrinfo"):
        monkeypatch.setattr(socket, name, asked)
    address, port = serve(registry, "127.0.0.1", 0)
    with socket.socket() as wire:
        wire.settimeout(5)
        wire.connect((address, port))
        wire.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.recv(1 << 16).startswith(b"HTTP/1.1 200")
