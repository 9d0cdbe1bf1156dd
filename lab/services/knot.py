"""Two Knot servers that answer for the zone: ns1 takes updates (RFC 2136, TSIG), ns2 follows by NOTIFY and transfer.

They stand outside both sites, as a DNS provider does.
"""

from __future__ import annotations

import base64
from pathlib import Path

from lab import model, pki
from lab.clusters import CLUSTERS
from lab.model import Options, Process, Ready
from lab.servers import environment, program

TSIG_NAME = "runbook"
TSIG_ALGORITHM = "hmac-sha256"

_CONFIG = """
server:
    rundir: "{rundir}"
    listen: {address}@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: "{storage}"
key:
  - id: {key}
    algorithm: {algorithm}
    secret: {secret}
remote:
  - id: other
    address: {other}@53
    key: {key}
acl:
  - id: ours
    key: {key}
    action: [{actions}]
zone:
  - domain: {zone}
    file: "{storage}/{zone}.zone"
    journal-content: all
    zonefile-sync: -1
    acl: ours
{role}
"""

_ZONE = """
$ORIGIN {zone}.
$TTL {ttl}
@ SOA ns1 hostmaster 1 60 5 3600 {ttl}
@ NS ns1
@ NS ns2
ns1 A {ns1}
ns2 A {ns2}
{entries}
"""


def tsig_secret(state: Path) -> str:
    """The TSIG key in base64, as servers and updates want it."""
    return base64.b64encode(bytes.fromhex(pki.keys(state).tsig.read_text())).decode()


def console(name: str) -> Path:
    """Socket of a server's console, in the lab's private /run."""
    return Path("/run/knot", name, "knot.sock")


def servers(options: Options) -> list[Process]:
    """Both authoritative servers, each cluster's record pointing to the site where it is active."""
    return [_server(options, name) for name in model.AUTHORITATIVE]


def _entries(options: Options) -> str:
    """The record of each cluster, all names below it, who is on call, and a service abroad."""
    lines = []
    for cluster in CLUSTERS.values():
        lines.append(f"{cluster.record}. {options.ttl_s} A {cluster.public[cluster.active]}")
        lines.append(f"*.{cluster.record}. {options.ttl_s} CNAME {cluster.record}.")
    others = (*model.ONCALL.values(), model.ABROAD)
    lines += [f"{name}. {options.ttl_s} A {address}" for name, address in others]
    return "\n".join(lines)


def _server(options: Options, name: str) -> Process:
    storage = options.folder("dns", name)
    primary = name == next(iter(model.AUTHORITATIVE))
    (other,) = (address for each, address in model.AUTHORITATIVE.items() if each != name)
    if primary:
        (storage / f"{model.ZONE}.zone").write_text(
            _ZONE.format(
                zone=model.ZONE,
                ttl=options.ttl_s,
                entries=_entries(options),
                **model.AUTHORITATIVE,
            )
        )
    config = storage / "knot.conf"
    rundir = console(name).parent
    rundir.mkdir(parents=True, exist_ok=True)
    text = _CONFIG.format(
        rundir=rundir,
        address=model.AUTHORITATIVE[name],
        other=other,
        storage=storage,
        key=TSIG_NAME,
        algorithm=TSIG_ALGORITHM,
        secret=tsig_secret(options.state),
        actions="update, transfer" if primary else "notify",
        zone=model.ZONE,
        role="    notify: other\n    serial-policy: increment" if primary else "    master: other",
    )
    pki.secret(config, text.encode())
    return Process(
        name=f"dns/{name}",
        zone="dns",
        argv=(str(program("knotd")), "-c", str(config)),
        env=environment(),
        ready=Ready(tcp=(model.AUTHORITATIVE[name], 53), log_line="loaded" if primary else "AXFR, incoming"),
    )
