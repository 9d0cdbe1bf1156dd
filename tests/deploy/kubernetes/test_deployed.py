"""What the servers of a site show, by the program of the operators: each looked at in its pod, by a real TLS connection."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from chaos.drivers.commands import CommandDriver, CommandFailed
from lab import pki
from tests.deploy.kubernetes.operators import orders


class Server(BaseHTTPRequestHandler):
    """Of an older release, whose clock is 90 s ahead."""

    release = "0.9.0"

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Date", formatdate(time.time() + 90, usegmt=True))
        if self.release:
            self.send_header("Service-Version", self.release)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(driver: CommandDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    """With the expired certificate that up.sh makes; what it shows can be changed."""
    keys = pki.keys(tmp_path / "kubernetes/secrets/made")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.expired, keys.expired_key)
    own = type("Own", (Server,), {})
    listener = HTTPServer(("127.0.0.1", 0), own)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    monkeypatch.setenv("PORT", str(listener.server_port))
    monkeypatch.setenv("VITALS_HOST", "vitals.heart.test")
    monkeypatch.setenv("PODS", "pod/vitals-1\npod/vitals-2\n")
    yield own
    listener.shutdown()
    listener.server_close()


def test_each_server_is_looked_at_in_its_pod(driver: CommandDriver, server: type[Server], tmp_path: Path) -> None:
    shown = driver.deployed("gra")
    assert len(shown) == 2
    for each in shown:
        assert each["release"] == "0.9.0"
        assert time.time() - 7200 < each["certificate_ends_s"] < time.time(), "it ended an hour before it was made"
        assert 88 <= each["clock_s"] <= 100, "whole seconds at both ends, and the way to the pod"
    listed, *looked = orders(tmp_path)
    assert listed == (
        "gra --request-timeout 10s get pods --selector app=vitals --field-selector status.phase=Running --output name"
    )
    assert [each.rpartition(" ")[0] for each in looked] == [
        f"gra --request-timeout 10s exec pod/{pod} --container vitals -- python -m lab.vitals.shown 8443"
        for pod in ("vitals-1", "vitals-2")
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"SILENT": "yes"}, "the cluster of gra does not say which servers it has"),
        ({"PODS": ""}, "no server of gra runs"),
        ({"PORT": "1"}, "pod/vitals-1 of gra does not show what it is"),
    ],
)
def test_what_nobody_could_look_at_is_no_answer(
    driver: CommandDriver, server: type[Server], monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CommandFailed, match=f"exit code 2 .*{why}"):
        driver.deployed("gra")


def test_a_server_that_names_no_release_is_none_of_ours(driver: CommandDriver, server: type[Server]) -> None:
    server.release = ""
    with pytest.raises(CommandFailed, match="does not show what it is"):
        driver.deployed("gra")
