"""The application servers of a site: granian ends TLS 1.3 and serves `lab.vitals.app`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab import model, pki
from lab.clusters import TOOLS
from lab.model import Options, Process, Ready
from lab.services import granian
from lab.services.postgres import socket_folder
from lab.vitals.settings import VERSION

OLD_RELEASE = "0.9.0"
FIRST_PORT = 8441
METRICS_PORT = 9441  # of the first application server of a site; the next ones follow


@dataclass(frozen=True)
class Deployment:
    """How the application servers of a site are deployed; the default is as it should be, and the same at both sites.

    certificate  "valid", or "expired": nobody has renewed it there
    clock_s      so far the site's clock is ahead
    release      what they say that they are
    """

    certificate: str = "valid"
    clock_s: float = 0
    release: str = VERSION


def name(site: str, number: int) -> str:
    """Of an application server's process."""
    return f"{site}/vitals{number}"


def application_servers(options: Options, site: str, deployment: Deployment | None = None) -> list[Process]:
    """At least two, on loopback ports behind the balancer."""
    wanted = deployment or Deployment()
    return [_server(options, site, number, wanted) for number in range(options.servers_per_site)]


def deployment_of(options: Options, server: Process) -> Deployment:
    """How an application server was deployed, whoever did it."""
    expired = server.env["VITALS_CERTIFICATE"] == str(pki.keys(options.state).expired)
    return Deployment(
        "expired" if expired else "valid", float(server.env["VITALS_CLOCK_S"]), server.env["VITALS_RELEASE"]
    )


def _server(options: Options, site: str, number: int, deployment: Deployment) -> Process:
    keys = pki.keys(options.state)
    shown = keys
    if deployment.certificate == "expired":
        shown = replace(keys, certificate=keys.expired, key=keys.expired_key)
    port = FIRST_PORT + number
    return Process(
        name=name(site, number),
        zone=site,
        argv=granian.command("lab.vitals.app:app", port, tls=shown),
        env={
            "VITALS_SITE": site,
            "VITALS_HOST": model.RECORD,
            "VITALS_DATABASE": str(socket_folder(site)),
            "VITALS_PASSWORDS": str(keys.passwords),
            "VITALS_TOKEN_KEY": str(keys.token_key),
            "VITALS_EXPORTS": str(options.folder("volumes", site, "exports")),
            "VITALS_DEFECT": options.defect,
            "VITALS_CERTIFICATE": str(shown.certificate),
            "VITALS_CLOCK_S": str(deployment.clock_s),
            "VITALS_RELEASE": deployment.release,
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
