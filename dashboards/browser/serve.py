"""``zweitherz serve``: listens until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

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
        address, port = free_address(host, port)
    except CannotListen as error:
        print(f"zweitherz: serve: {error}", file=sys.stderr)
        return BAD_INPUT
    if not ipaddress.ip_address(address).is_loopback:
        print(
            f"zweitherz: serve: warning: {host} can be reached by others, who see all runs and may stop a drill; "
            "there is no login, and nothing is encrypted",
            file=sys.stderr,
        )
    shown = f"[{address}]" if ":" in address else address
    allowed = LOOPBACK | {host_name(each) for each in (*allow_hosts, host, shown)}
    tell = say or (lambda line: print(line, flush=True))
    asyncio.run(
        _serve(home, address, port, allowed, lambda: tell(f"results browser: http://{shown}:{port}/ (Ctrl-C ends it)"))
    )
    return 0


def free_address(host: str, port: int) -> tuple[str, int]:
    """The IP address of that host, and the port, or a free one for 0. Raises CannotListen."""
    try:
        family, _, _, _, sockaddr = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError, OverflowError) as error:
        raise CannotListen(f"--host {host!r}: {getattr(error, 'strerror', None) or error}") from error
    # asked here, because the server itself would share a port with another results browser
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(sockaddr)
        except OSError as error:
            raise CannotListen(f"port {port} of {host}: {error.strerror}; choose another with --port") from error
        address, port = probe.getsockname()[:2]
    return str(address), int(port)


async def _serve(home: Path, address: str, port: int, allowed: frozenset[str], ready: Callable[[], None]) -> None:
    made = browser(home, allowed_hosts=allowed)
    server = Server(
        made.app,
        address=address,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    serving = asyncio.create_task(server.serve())
    await _listening(address, port, serving)
    ready()
    ended = asyncio.create_task(asked.wait())
    await asyncio.wait({ended, serving}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    made.live.closing.set()  # pages that follow a drill are told
    server.stop()  # type: ignore[no-untyped-call] # granian is not typed here
    try:
        await asyncio.wait_for(serving, _ENDS_WITHIN_S)
    except TimeoutError:
        print("zweitherz: serve: a connection did not end; it is cut off", file=sys.stderr)


async def _listening(address: str, port: int, serving: asyncio.Task[None]) -> None:
    """Returns when a connection is accepted, or the server has ended (whoever awaits it hears why)."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(address, port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        return
