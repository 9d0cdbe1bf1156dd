"""The application servers of a site: granian ends TLS 1.3 and serves `lab.vitals.app`."""

from __future__ import annotations

from lab import model, pki
from lab.clusters import TOOLS
from lab.model import Options, Process, Ready
from lab.services import granian
from lab.services.postgres import socket_folder

FIRST_PORT = 8441
METRICS_PORT = 9441  # of the first application server of a site; the next ones follow


def application_servers(options: Options, site: str) -> list[Process]:
    """At least two, on loopback ports behind the balancer."""
    return [_server(options, site, number) for number in range(options.servers_per_site)]


def _server(options: Options, site: str, number: int) -> Process:
    keys = pki.keys(options.state)
    port = FIRST_PORT + number
    return Process(
        name=f"{site}/vitals{number}",
        zone=site,
        argv=granian.command("lab.vitals.app:app", port, tls=keys),
        env={
            "VITALS_SITE": site,
            "VITALS_HOST": model.RECORD,
            "VITALS_DATABASE": str(socket_folder(site)),
            "VITALS_PASSWORDS": str(keys.passwords),
            "VITALS_TOKEN_KEY": str(keys.token_key),
            "VITALS_EXPORTS": str(options.folder("volumes", site, "exports")),
            "VITALS_DEFECT": options.defect,
            **(_reporting(options, site, number) if options.tools else {}),
            **(_errors(options, model.ABROAD[0]) if options.defect == "telemetry-abroad" else {}),
        },
        ready=Ready(tcp=("127.0.0.1", port), log_line='"event": "started"'),
        restart=True,
    )


def _reporting(options: Options, site: str, number: int) -> dict[str, str]:
    """Where its figures are served and its errors are sent."""
    keys = pki.keys(options.state)
    return {
        "VITALS_METRICS_ADDRESS": model.PRIVATE[site],
        "VITALS_METRICS_PORT": str(METRICS_PORT + number),
        "VITALS_PRIVATE_PEM": str(keys.private),
        **_errors(options, f"sentry.{TOOLS.record}"),
    }


def _errors(options: Options, host: str) -> dict[str, str]:
    """Where its errors and traces are sent."""
    keys = pki.keys(options.state)
    return {
        "VITALS_CA": str(keys.ca),
        "VITALS_SENTRY_HOST": host,
        "VITALS_SENTRY_KEY": str(keys.token("sentry.key")),
    }
