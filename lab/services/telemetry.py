"""The stand-ins for Sentry and Matomo of a site, each a process behind the tools cluster's balancer."""

from __future__ import annotations

import sys
from pathlib import Path

from lab import pki
from lab.clusters import TOOLS
from lab.model import Options, Process, Ready
from lab.services.postgres import socket_folder

PORTS = {"sentry": 8451, "matomo": 8452}


def receivers(options: Options, site: str) -> list[Process]:
    """Plain HTTP on the loopback: TLS ends at the balancer in front."""
    return [_receiver(options, site, kind) for kind in PORTS]


def _receiver(options: Options, site: str, kind: str) -> Process:
    keys = pki.keys(options.state)
    return Process(
        name=f"{site}/{TOOLS.prefix}{kind}",
        zone=site,
        argv=(
            *(str(Path(sys.executable).with_name("granian")), "--interface", "asgi"),
            *("--host", "127.0.0.1", "--port", str(PORTS[kind]), "--workers", "1", "--loop", "uvloop", "--http", "1"),
            *(
                "--backlog",
                "512",
                "--no-ws",
                "--workers-kill-timeout",
                "3",
                "--no-access-log",
                "--log-level",
                "warning",
            ),
            f"lab.telemetry.app:{kind}",
        ),
        env={
            "TELEMETRY_SITE": site,
            "TELEMETRY_DATABASE": str(socket_folder(site)),
            "TELEMETRY_PORT": str(TOOLS.port),
            "TELEMETRY_PASSWORDS": str(keys.passwords),
            "TELEMETRY_ACCESS": str(keys.access),
        },
        ready=Ready(tcp=("127.0.0.1", PORTS[kind]), log_line="started"),
        restart=True,
    )
