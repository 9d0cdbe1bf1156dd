"""``zweitherz serve``: listens until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import uvicorn

from dashboards.browser.app import browser
from dashboards.browser.security import LOOPBACK, host_name

BAD_INPUT = 64
_ENDS_WITHIN_S = 5


class CannotListen(ValueError):
    """Address or port that cannot be had; one line says why."""


def serve(
    home: Path, host: str, port: int, allow_hosts: Iterable[str] = (), *, say: Callable[[str], None] | None = None
) -> int:
    """Serve the runs in `home` until a signal ends it: 0; 64 where it cannot listen. `say` gets the address once it is known."""
    try:
        listening = listen(host, port)
    except CannotListen as error:
        print(f"zweitherz: serve: {error}", file=sys.stderr)
        return BAD_INPUT
    address, port = listening.getsockname()[:2]
    if not ipaddress.ip_address(address).is_loopback:
        print(
            f"zweitherz: serve: warning: {host} can be reached by others, who see all runs and may stop a drill; "
            "there is no login, and nothing is encrypted",
            file=sys.stderr,
        )
    shown = f"[{address}]" if ":" in address else address
    allowed = LOOPBACK | {host_name(each) for each in (*allow_hosts, host, shown)}
    tell = say or (lambda line: print(line, flush=True))
    with listening:
        asyncio.run(
            _serve(home, listening, allowed, lambda: tell(f"results browser: http://{shown}:{port}/ (Ctrl-C ends it)"))
        )
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, at a free port for 0. Raises CannotListen."""
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError, OverflowError) as error:
        raise CannotListen(f"--host {host!r}: {getattr(error, 'strerror', None) or error}") from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(sockaddr)
        listening.listen()
    except OSError as error:
        listening.close()
        raise CannotListen(f"port {port} of {host}: {error.strerror}; choose another with --port") from error
    return listening


class _Server(uvicorn.Server):
    """Leaves signals to us: they end the pages that follow a drill first, and the exit code is 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(home: Path, listening: socket.socket, allowed: frozenset[str], ready: Callable[[], None]) -> None:
    made = browser(home, allowed_hosts=allowed)
    server = _Server(
        uvicorn.Config(
            made.app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_ENDS_WITHIN_S,
        )
    )

    def end() -> None:
        made.live.closing.set()  # pages that follow a drill are told
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    ready()  # whoever connects now waits in the socket's queue until the server takes it
    await server.serve([listening])
