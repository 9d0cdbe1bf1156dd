"""HAProxy at each site: passes TCP through to the application servers, which end TLS. Sends nobody to a server that is
not ready, and readiness is asked over verified TLS."""

from __future__ import annotations

from lab import model, pki
from lab.model import Options, Process, Ready
from lab.servers import environment, program
from lab.services.vitals import FIRST_PORT

_CONFIG = """
global
    maxconn 4000
    log stdout format raw local0 notice
    hard-stop-after 3s

defaults
    mode tcp
    log global
    timeout connect 2s
    timeout client 75s
    timeout server 75s
    timeout check 1s

frontend https
    bind {address}:{port}
    default_backend vitals

backend vitals
    balance leastconn
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host {host}
    http-check expect status 200
    default-server check check-ssl verify required ca-file "{ca}" check-sni {host} verifyhost {host} inter 500ms fall 2 rise 1
{servers}
"""


def balancer(options: Options, site: str) -> Process:
    """The site's balancer on its public address."""
    servers = "\n".join(
        f"    server vitals{number} 127.0.0.1:{FIRST_PORT + number}" for number in range(options.servers_per_site)
    )
    config = options.folder("haproxy") / f"{site}.cfg"
    address = model.PUBLIC[site]
    ca = pki.keys(options.state).ca
    config.write_text(
        _CONFIG.format(address=address, port=model.HTTPS, host=model.RECORD, ca=ca, servers=servers).lstrip()
    )
    return Process(
        name=f"{site}/haproxy",
        zone=site,
        argv=(str(program("haproxy")), "-db", "-f", str(config)),
        env=environment(),
        ready=Ready(tcp=(address, model.HTTPS)),
        restart=True,
        stop="USR1",
    )
