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


class BrokenPromise(Exception):
    """The service answered, and not as it should: one line."""


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` have names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def dial(place: Place, context: ssl.SSLContext, host: str, port: int) -> ssl.SSLSocket:
    """A verified TLS connection to a public name, resolved anew; the caller closes it. Raises Unanswered."""
    step = "dns"
    try:
        address = place.resolve(host)
        step = "connect"
        plain = socket.create_connection((address, port), PATIENCE_S)
        step = "tls"
        with contextlib.ExitStack() as unfinished:
            unfinished.enter_context(plain)
            wire = context.wrap_socket(plain, server_hostname=host)
            unfinished.pop_all()
            return wire
    except OSError as error:
        raise Unanswered(f"{step}: {told(error)}") from error


@contextlib.contextmanager
def connection(place: Place, context: ssl.SSLContext, host: str, port: int) -> Iterator[ssl.SSLSocket]:
    """The same for one exchange: closed at its end. Raises Unanswered."""
    with dial(place, context, host, port) as wire:
        try:
            yield wire
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"answer: {told(error)}") from error


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
    service = place.target.service
    with connection(place, context, service.host, service.port) as wire:
        client = http.client.HTTPConnection(service.host)
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


def told(error: BaseException) -> str:
    """What an error says, on one line of bounded length."""
    return (" ".join(str(error).split()) or type(error).__name__)[:120]
