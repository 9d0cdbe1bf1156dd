"""One HTTPS exchange on a connection of its own: resolved anew, certificate verified, every step timed."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitors.place import Place

PATIENCE_S = 1.5


class Unanswered(OSError):
    """No answer: one line that names the step (dns, connect, tls, answer) and the error."""


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` have names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@contextlib.contextmanager
def connection(place: Place, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    """A verified TLS connection to the service by its public name. Raises Unanswered."""
    service = place.target.service
    step = "dns"
    try:
        address = place.resolve()
        step = "connect"
        plain = socket.create_connection((address, service.port), PATIENCE_S)
        step = "tls"
        with plain, context.wrap_socket(plain, server_hostname=service.host) as wire:
            step = "answer"
            yield wire
    except (OSError, http.client.HTTPException) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise Unanswered(f"{step}: {said[:120]}") from error


def exchange(
    place: Place,
    context: ssl.SSLContext,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send one request and read its answer. Raises Unanswered."""
    begun = time.monotonic()
    with connection(place, context) as wire:
        client = http.client.HTTPConnection(place.target.service.host)
        client.sock = wire
        client.request(method, path, body or None, {**(headers or {}), "Connection": "close"})
        reply = client.getresponse()
        whole = reply.read()
        shown = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, shown, whole, time.monotonic() - begun)


def verified(ca_file: str) -> ssl.SSLContext:
    """TLS 1.3, verified against the target's CA."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
