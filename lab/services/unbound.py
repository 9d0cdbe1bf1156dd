"""Three resolvers, one per class: honest, clamping (no answer lives less than `clamp_s`), serving stale answers (RFC 8767)."""

from __future__ import annotations

from lab import model
from lab.model import Options, Process, Ready
from lab.servers import environment, program

IGNORED_TTL_S = 300

_CONFIG = """
server:
    interface: {address}
    port: 53
    do-daemonize: no
    chroot: ""
    username: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 0
    num-threads: 1
    outgoing-range: 200
    msg-cache-size: 2m
    rrset-cache-size: 2m
    module-config: "iterator"
    access-control: 0.0.0.0/0 allow
    do-ip6: no
    hide-identity: yes
    qname-minimisation: no
    local-zone: "test." nodefault
    outgoing-interface: {address}
{own}
stub-zone:
    name: "{zone}"
{servers}
remote-control:
    control-enable: no
"""


def resolvers(options: Options) -> list[Process]:
    """One Unbound per resolver class, in the zone of the DNS provider's network."""
    own = {
        "honest": "",
        "clamped": f"    cache-min-ttl: {options.clamp_s}",
        "stale": "    serve-expired: yes\n    serve-expired-ttl: 86400\n    serve-expired-reply-ttl: 30",
    }
    if options.defect == "ttl-ignored":
        own["honest"] = f"    cache-min-ttl: {IGNORED_TTL_S}"
    return [_resolver(options, kind, settings) for kind, settings in own.items()]


def _resolver(options: Options, kind: str, own: str) -> Process:
    folder = options.folder("dns", kind)
    servers = "\n".join(f"    stub-addr: {address}@53" for address in model.AUTHORITATIVE.values())
    config = folder / "unbound.conf"
    address = model.RESOLVERS[kind]
    config.write_text(
        _CONFIG.format(address=address, folder=folder, own=own, zone=model.ZONE, servers=servers).lstrip()
    )
    return Process(
        name=f"dns/unbound-{kind}",
        zone="dns",
        argv=(str(program("unbound")), "-d", "-p", "-c", str(config)),
        env=environment(),
        ready=Ready(tcp=(address, 53)),
    )
