"""HAProxy at each site. The product's passes TCP through to the application servers, which end TLS; it sends nobody to a server
that is not ready, and readiness is asked over verified TLS. The tools cluster's ends TLS, and lets nobody see Prometheus or
Alertmanager without their token."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

from lab import model, pki
from lab.clusters import TOOLS
from lab.model import SITES, Options, Process, Ready, ServiceFailed
from lab.servers import environment, program
from lab.services import alertmanager, analysis, balancer_metrics, prometheus, telemetry
from lab.services.vitals import FIRST_PORT

_CONFIG = """
global
    maxconn 4000
    log stdout format raw local0 notice
    hard-stop-after 3s
    stats socket "{admin}" mode 600 level admin

defaults
    mode tcp
    log global
    # a server that died since its last check refuses: the patient is served by another one and notices nothing
    retries 3
    option redispatch 1
    timeout connect 2s
    timeout client 75s
    timeout server 75s
    timeout check 1s

frontend https
    bind {address}:{port}
    # the name is in the client's first message: who sends it at once is not kept waiting, who never does is let through
    tcp-request inspect-delay 2s
    tcp-request content accept if {{ req_ssl_hello_type 1 }}
    use_backend analysis if {{ req_ssl_sni -i {analysis_host} }}
    default_backend vitals

backend vitals
    balance leastconn
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host {host}
    http-check expect status 200
    default-server check check-ssl verify required ca-file "{ca}" check-sni {host} verifyhost {host} inter 500ms fall 2 rise 1
{servers}
    # what still comes here during a planned hand-over; on order only, and only while no server of this site is ready
    server {other} {other_private}:{port} backup disabled

# from the other site during a hand-over: never sent back to where it came from
frontend handed-over
    bind {private}:{port}
    default_backend vitals-here

backend vitals-here
    balance leastconn
{tracking}

backend analysis
    timeout tunnel {stream_idle}
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host {analysis_host}
    http-check expect status 200
    default-server check check-ssl verify required ca-file "{ca}" check-sni {analysis_host} verifyhost {analysis_host}
    server analysis 127.0.0.1:{analysis_port} inter 500ms fall 2 rise 1
"""
_ADMIN = Path("/run/haproxy")  # in the lab's private /run: a socket's path has at most 108 bytes
_ANSWER_WITHIN_S = 5
_STREAM_IDLE = "10m"  # a live stream whose app is silent for longer is closed


_TOOLS = """
global
    maxconn 4000
    log stdout format raw local0 notice
    hard-stop-after 3s
    ssl-default-bind-options ssl-min-ver TLSv1.3

defaults
    mode http
    log global
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout check 1s

frontend https
    bind {address}:{port} ssl crt "{pem}"
    use_backend sentry if {{ hdr(host),field(1,:) -i sentry.{host} }}
    use_backend matomo if {{ hdr(host),field(1,:) -i matomo.{host} }}
    use_backend prometheus if {{ hdr(host),field(1,:) -i prometheus.{host} }}
    use_backend alertmanager if {{ hdr(host),field(1,:) -i alertmanager.{host} }}
    default_backend sentry

backend sentry
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host {host}
    http-check expect status 200
    server sentry 127.0.0.1:{sentry} check inter 500ms fall 2 rise 1

backend matomo
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host {host}
    http-check expect status 200
    server matomo 127.0.0.1:{matomo} check inter 500ms fall 2 rise 1

backend prometheus
    http-request deny deny_status 401 unless {{ req.hdr(authorization) -m str -f "{allowed}" }}
    server prometheus 127.0.0.1:{prometheus}

backend alertmanager
    http-request deny deny_status 401 unless {{ req.hdr(authorization) -m str -f "{allowed}" }}
    server alertmanager 127.0.0.1:{alertmanager}
"""


def tools_balancer(options: Options, site: str) -> Process:
    """The tools cluster's balancer on its public address: Sentry, Matomo, Prometheus, Alertmanager by name."""
    keys = pki.keys(options.state)
    config = options.folder("haproxy") / f"tools-{site}.cfg"
    allowed = keys.access / "allowed"
    pki.secret(allowed, f"Bearer {keys.token('prometheus.token').read_text()}\n".encode())
    address = TOOLS.public[site]
    text = _TOOLS.format(
        address=address,
        port=model.HTTPS,
        host=TOOLS.record,
        pem=keys.tools,
        allowed=allowed,
        sentry=telemetry.PORTS["sentry"],
        matomo=telemetry.PORTS["matomo"],
        prometheus=prometheus.PORT,
        alertmanager=alertmanager.PORT,
    )
    config.write_text(text.lstrip())
    return _process(f"{site}/{TOOLS.prefix}haproxy", site, config, address)


def balancer(options: Options, site: str) -> Process:
    """The site's balancer on its public address."""
    numbers = range(options.servers_per_site)
    servers = [f"    server vitals{number} 127.0.0.1:{FIRST_PORT + number}" for number in numbers]
    tracking = [f"{server} track vitals/vitals{number}" for number, server in enumerate(servers)]
    other = _other(site)
    _ADMIN.mkdir(exist_ok=True)
    config = options.folder("haproxy") / f"{site}.cfg"
    address = model.PUBLIC[site]
    ca = pki.keys(options.state).ca
    text = _CONFIG.format(
        address=address,
        port=model.HTTPS,
        host=model.RECORD,
        ca=ca,
        servers="\n".join(servers),
        tracking="\n".join(tracking),
        other=other,
        other_private=model.PRIVATE[other],
        private=model.PRIVATE[site],
        admin=_admin(site),
        analysis_host=analysis.HOST,
        analysis_port=analysis.PORT,
        stream_idle=_STREAM_IDLE,
    )
    if options.tools:  # without Prometheus nobody asks
        text += balancer_metrics.frontend(options, site)
    config.write_text(text.lstrip())
    return _process(name(site), site, config, address)


def name(site: str) -> str:
    """Of the process of the product's balancer at a site."""
    return f"{site}/haproxy"


async def forward(site: str, *, on: bool) -> None:
    """Let the site's balancer send patients on to the other site while none of its own servers is ready; or let it stop that.

    Raises ServiceFailed when the balancer does not do so.
    """
    command = f"{'enable' if on else 'disable'} server vitals/{_other(site)}"
    if answer := await _ask(site, command):
        raise ServiceFailed(f"{name(site)}: {command}: {answer}")


async def cut_connections(site: str) -> int:
    """End every connection to the site's servers, whatever is on its way; how many there were. Raises ServiceFailed."""
    rows = csv.DictReader((await _ask(site, "show stat")).lstrip("# ").splitlines())
    own = [row for row in rows if row["pxname"] == "vitals" and row["svname"].startswith("vitals")]
    for row in own:
        if answer := await _ask(site, f"shutdown sessions server vitals/{row['svname']}"):
            raise ServiceFailed(f"{name(site)}: shutdown sessions: {answer}")
    return sum(int(row["scur"]) for row in own)


async def servers_ready(site: str) -> int:
    """How many application servers of the site passed the balancer's last check. Raises ServiceFailed."""
    rows = csv.DictReader((await _ask(site, "show stat")).lstrip("# ").splitlines())
    own = [row for row in rows if row["pxname"] == "vitals" and row["svname"].startswith("vitals")]
    return sum(row["check_status"] == "L7OK" for row in own)


async def _ask(site: str, command: str) -> str:
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(str(_admin(site)))
            try:
                writer.write(command.encode() + b"\n")
                return (await reader.read()).decode().strip()
            finally:
                writer.close()
    except OSError as error:
        raise ServiceFailed(f"{name(site)}: {command}: {error}") from error


def _admin(site: str) -> Path:
    return _ADMIN / f"{site}.sock"


def _other(site: str) -> str:
    (other,) = (each for each in SITES if each != site)
    return other


def _process(name: str, site: str, config: Path, address: str) -> Process:
    return Process(
        name=name,
        zone=site,
        argv=(str(program("haproxy")), "-db", "-f", str(config)),
        env=environment(),
        ready=Ready(tcp=(address, model.HTTPS)),
        restart=True,
        stop="USR1",
    )
