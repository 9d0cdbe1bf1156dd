"""Real Knot servers on loopback, each with the zone heart.test; the first takes updates that are signed with a key."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from lab.servers import environment, program
from tests.lab.running import eventually

ZONE, RECORD = "heart.test", "vitals.heart.test"
KEY, SECRET = "drill", "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZyE="
_CONFIG = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: "{folder}"
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: ours
    key: {key}
    action: update
zone:
  - domain: {zone}
    file: "{folder}/zone"
    acl: ours
"""
_ZONE_FILE = """
$ORIGIN {zone}.
$TTL 5
@ SOA ns1 hostmaster 1 60 60 600 5
@ NS ns1
ns1 A 127.0.0.1
vitals A {address}
"""


@contextmanager
def knot(folder: Path, address: str) -> Iterator[int]:
    """One server whose entry holds that address; its port."""
    folder.mkdir()
    port = _free_port()
    (folder / "zone").write_text(_ZONE_FILE.format(zone=ZONE, address=address))
    config = folder / "knot.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, key=KEY, secret=SECRET, zone=ZONE))
    server = subprocess.Popen(
        [str(program("knotd")), "-c", str(config)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: _answers(port))
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _answers(port: int) -> bool:
    try:
        return bool(dns.query.udp(dns.message.make_query(RECORD, "A"), "127.0.0.1", timeout=1, port=port).answer)
    except (dns.exception.DNSException, OSError):
        return False


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
