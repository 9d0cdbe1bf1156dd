"""The analysis service of a site: granian ends TLS 1.3 and serves `lab.analysis.app`, REST and WebSocket.

A clean stop while streams are open takes granian's whole patience of 3 s: it tells neither them nor the application before
(https://github.com/emmett-framework/granian/issues/796).
"""

from __future__ import annotations

from lab import model, pki
from lab.model import Options, Process, Ready
from lab.services import granian

HOST = f"analysis.{model.RECORD}"  # under the product's wildcard: a takeover of its record moves it as well
PATH = "/analysis"
PORT = 8461
METRICS_PORT = 9461


def service(options: Options, site: str) -> Process:
    """One, on the loopback behind the product's balancer."""
    keys = pki.keys(options.state)
    reporting = {
        "ANALYSIS_METRICS_ADDRESS": model.PRIVATE[site],
        "ANALYSIS_METRICS_PORT": str(METRICS_PORT),
        "ANALYSIS_PRIVATE_PEM": str(keys.private),
        "ANALYSIS_CA": str(keys.ca),
    }
    return Process(
        name=f"{site}/analysis",
        zone=site,
        argv=granian.command("lab.analysis.app:app", PORT, tls=keys, websockets=True),
        env={
            "ANALYSIS_SITE": site,
            "ANALYSIS_TOKEN_KEY": str(keys.token_key),
            **(reporting if options.tools else {}),
        },
        ready=Ready(tcp=("127.0.0.1", PORT), log_line='"event": "started"'),
        restart=True,
    )
