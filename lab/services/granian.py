"""How granian, the application server, is started: one worker on the loopback, behind a balancer."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.pki import Keys


def command(application: str, port: int, *, tls: Keys | None = None, websockets: bool = False) -> tuple[str, ...]:
    """Serves `application` (``module:name``). With `tls` it ends TLS 1.3 itself, with the product's certificate."""
    ends: tuple[str, ...] = ()
    if tls is not None:
        ends = (
            "--ssl-certificate",
            str(tls.certificate),
            "--ssl-keyfile",
            str(tls.key),
            "--ssl-protocol-min",
            "tls1.3",
        )
    return (
        *(str(Path(sys.executable).with_name("granian")), "--interface", "asgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--loop", "uvloop", "--http", "1"),
        # granian holds at most so many connections at once as its backlog is long, idle ones as well
        *("--backlog", "4096", "--ws" if websockets else "--no-ws", "--workers-kill-timeout", "3"),
        *("--no-access-log", "--log-level", "warning", *ends, application),
    )
