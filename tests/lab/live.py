"""A live stream to the lab's analysis service, as an app would open one."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import websocket

from lab.services.analysis import HOST
from tests.lab.running import RunningLab
from tests.lab.upload import bundle, token


@contextlib.contextmanager
def live(lab: RunningLab, bearer: str | None = None, site: str = "fra") -> Iterator[websocket.WebSocket]:
    """Open at that site; `bearer` replaces patient 7's token ("": none)."""
    bearer = token(lab.key) if bearer is None else bearer
    context = ssl.create_default_context(cafile=str(lab.folder / "ca.pem"))
    wire = context.wrap_socket(socket.create_connection(("127.0.0.1", lab.up.gates[site]), 10), server_hostname=HOST)
    stream = websocket.create_connection(
        f"wss://{HOST}/analysis/stream",
        10,
        socket=wire,
        header=[f"Authorization: Bearer {bearer}"] if bearer else [],
        suppress_origin=True,
    )
    try:
        yield stream
    finally:
        stream.close(timeout=1)


def observation(seq: int = 1, **changes: Any) -> dict[str, Any]:
    """One Observation of patient 7, a heart rate of 71; `changes` replace parts of it."""
    resource: dict[str, Any] = bundle(seq=seq, **changes)["entry"][0]["resource"]
    return resource


def ask(stream: websocket.WebSocket, message: dict[str, Any] | str) -> dict[str, Any]:
    stream.send_text(message if isinstance(message, str) else json.dumps(message))
    answer: dict[str, Any] = json.loads(stream.recv())
    return answer


def outcome(finding: dict[str, Any]) -> str:
    return extension(finding, "urn:zweitherz:outcome")


def extension(finding: dict[str, Any], url: str) -> str:
    (value,) = (each["valueCode"] for each in finding["extension"] if each["url"] == url)
    return str(value)
