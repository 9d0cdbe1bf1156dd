"""The stand-ins for Sentry and Matomo of a site, each a process behind the tools cluster's balancer."""

from __future__ import annotations

from lab import pki
from lab.clusters import TOOLS
from lab.model import Options, Process, Ready
from lab.precedence import WATCHERS_NICE
from lab.services import granian
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
        argv=granian.command(f"lab.telemetry.app:{kind}", PORTS[kind]),
        env={
            "TELEMETRY_SITE": site,
            "TELEMETRY_DATABASE": str(socket_folder(site)),
            "TELEMETRY_PORT": str(TOOLS.port),
            "TELEMETRY_PASSWORDS": str(keys.passwords),
            "TELEMETRY_ACCESS": str(keys.access),
        },
        ready=Ready(tcp=("127.0.0.1", PORTS[kind]), log_line="started"),
        restart=True,
        nice=WATCHERS_NICE,
    )
