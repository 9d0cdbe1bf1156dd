"""A tiny HTTPS server that answers as a test says, and the lab's tools seen through its gates: both with a `Place` at them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lab import pki
from lab.clusters import TOOLS
from monitors.place import Place
from results.clock import Clock
from targets.model import Target, Tools
from tests.lab.running import RunningLab
from tests.targets.target import description

TOKEN = "a-token-that-nobody-may-see"  # noqa: S105 - of a server of this test


class Server:
    """Answers every request with `status`, `body`, `headers`, or by the method of that name: hang, drip, cut, garbage."""

    def __init__(self, pem: Path) -> None:
        self.status, self.body, self.way = 200, b"{}", ""
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.ending = threading.Event()
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version: ClassVar[str] = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                ours.asked.append((self.command, self.path, dict(self.headers), body))
                ours.answer(self)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        if self.way == "hang":
            self.ending.wait(30)
        elif self.way == "garbage":
            to.wfile.write(b"SSH-2.0-nonsense\r\n\r\n")
        else:
            to.send_response_only(self.status)
            usual = {"Date": formatdate(usegmt=True), "Content-Length": str(len(self.body))}
            for name, value in {**usual, **self.headers}.items():
                to.send_header(name, value)
            to.end_headers()
            self._send_body(to)
        to.close_connection = True

    def _send_body(self, to: BaseHTTPRequestHandler) -> None:
        if self.way == "drip":
            for number in range(len(self.body)):
                try:
                    to.wfile.write(self.body[number : number + 1])
                except OSError:
                    return  # the caller has had enough
                if self.ending.wait(0.1):
                    return
        else:
            to.wfile.write(self.body[: len(self.body) // 2] if self.way == "cut" else self.body)

    def end(self) -> None:
        self.ending.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> pki.Keys:
    """An authority of its own; `tools` is a certificate for 127.0.0.1, of a server or a caller."""
    return pki.make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def server(keys: pki.Keys) -> Iterator[Server]:
    made = Server(keys.tools)
    yield made
    made.end()


@pytest.fixture
def place(server: Server, keys: pki.Keys, tmp_path: Path) -> Place:
    """All three tools are that one server."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(TOKEN)
    secret = {"file": str(token)}
    whole = description(
        tools={
            "record": TOOLS.record,
            "active": "gra",
            "ca_file": str(keys.ca),
            "private_pem": str(keys.tools),
            "sentry": {
                "url": server.url,
                "organization": "heart",
                "projects": {"vitals": 1, "monitors": 2},
                "key": secret,
                "token": secret,
            },
            "matomo": {"url": f"{server.url}/matomo/", "site": 1, "token": secret},
            "prometheus": {"url": server.url, "token": secret},
        }
    )
    whole["service"]["ca_file"] = str(keys.ca)
    return Place(Target.model_validate(whole), Clock.anchored_now())


def tools(place: Place) -> Tools:
    assert place.target.tools is not None
    return place.target.tools


class AtTheGate(Place):
    """On the host: every name leads to the lab's gate on the loopback."""

    def resolve(self, host: str) -> str:
        return "127.0.0.1"


@pytest.fixture
def gate(lab: RunningLab) -> Place:
    """The lab's own tools at their active site."""
    port = lab.up.gates[f"{TOOLS.prefix}{TOOLS.active}"]
    whole = lab.target.model_dump(by_alias=True)
    for tool in ("sentry", "matomo", "prometheus"):
        whole["tools"][tool]["url"] += f":{port}"
    return AtTheGate(Target.model_validate(whole), Clock.anchored_now())


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()
