"""What Prometheus sees of a site's balancer: HAProxy's own exporter, on the private address, with certificates at both ends."""

from __future__ import annotations

from lab import model, pki
from lab.model import Options

PORT = 9101
PARAMS = {"scope": ["frontend", "server"]}
# of its hundreds of series those that somebody looks at: connections, and which servers are up
METRICS = (
    "haproxy_frontend_current_sessions",
    "haproxy_frontend_sessions_total",
    "haproxy_server_current_sessions",
    "haproxy_server_check_status",
)
_FRONTEND = """
frontend metrics
    mode http
    bind {address}:{port} ssl crt "{pem}" ca-file "{ca}" verify required ssl-min-ver TLSv1.3
    http-request use-service prometheus-exporter if {{ path /metrics }}
    http-request return status 404
"""


def frontend(options: Options, site: str) -> str:
    """The part of the balancer's configuration that serves it."""
    keys = pki.keys(options.state)
    return _FRONTEND.format(address=model.PRIVATE[site], port=PORT, pem=keys.private, ca=keys.ca)
