"""One HTTPS exchange on a connection of its own: resolved anew, certificate verified, every step timed."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitors.bounded import Bounded
from monitors.place import Place

PATIENCE_S = 1.5  # for each step
ANSWER_S = 3.0  # for the whole of an answer
LONGEST = 8 << 20
_HTTPS = 443


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


@dataclass(frozen=True)
class Address:
    """Whom to speak to, and what makes us believe that it is he. A `host` that is an IP address is not looked up."""

    host: str
    port: int
    context: ssl.SSLContext

    @property
    def shown(self) -> str:
        """As the Host header names it."""
        return self.host if self.port == _HTTPS else f"{self.host}:{self.port}"


def of_the_service(place: Place) -> Address:
    """The product by its public name."""
    service = place.target.service
    return Address(service.host, service.port, verified(service.ca_file))


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
    address: Address,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send one request and read its answer, for `ANSWER_S` at most. Raises Unanswered."""
    begun = time.monotonic()
    with connection(place, address.context, address.host, address.port) as wire:
        client = http.client.HTTPConnection(address.host)
        client.sock = wire
        client.request(method, path, body or None, {"Host": address.shown, **(headers or {}), "Connection": "close"})
        reply = http.client.HTTPResponse(Bounded(wire, ANSWER_S), method=method)  # type: ignore[arg-type]
        reply.begin()
        whole = reply.read(LONGEST + 1)
        if len(whole) > LONGEST:
            raise OSError(f"longer than {LONGEST} bytes")
        if reply.length:
            raise OSError(f"cut off {reply.length} bytes before its end")
        shown = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, shown, whole, time.monotonic() - begun)


def verified(ca_file: Path, own_pem: Path | None = None) -> ssl.SSLContext:
    """TLS 1.3, verified against that CA; with `own_pem` (key and certificate) we show who we are. Raises OSError."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
        if own_pem is not None:
            context.load_cert_chain(str(own_pem))
    except OSError as error:  # which does not name the file
        files = " or ".join(str(each) for each in (ca_file, own_pem) if each is not None)
        raise OSError(f"certificates of {files}: {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def told(error: BaseException) -> str:
    """What an error says, on one line of bounded length."""
    return (" ".join(str(error).split()) or type(error).__name__)[:120]
