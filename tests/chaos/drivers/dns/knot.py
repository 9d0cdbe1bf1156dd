"""A real Knot server on the loopback that takes updates with TSIG; its configuration is this test's."""

from __future__ import annotations

import base64
import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from lab.servers import environment, program

RIGHT = base64.b64encode(b"a key of thirty-two bytes, as is").decode()
WRONG = base64.b64encode(b"another one of as many bytes too").decode()
RECORD, ZONE = "vitals.heart.test", "heart.test"
FRA, GRA, STRANGER = "198.51.100.10", "203.0.113.10", "192.0.2.99"
_CONFIG = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: "{folder}"
key:
  - id: drill
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: ours
    key: drill
    action: update
zone:
  - domain: {zone}
    file: "{folder}/zone"
    zonefile-sync: -1
    journal-content: all
    acl: ours
"""


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


@contextlib.contextmanager
def knot(folder: Path) -> Iterator[int]:
    """Its port, while it answers."""
    port = free_port()
    (folder / "zone").write_text(
        f"$ORIGIN {ZONE}.\n$TTL 7\n@ SOA ns1 hostmaster 1 60 5 3600 7\n@ NS ns1\nns1 A 127.0.0.1\nvitals A {FRA}\n"
    )
    config = folder / "knot.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, secret=RIGHT, zone=ZONE))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program("knotd"), "-c", config], stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", **environment()}
        )
    try:
        for _ in range(50):
            with contextlib.suppress(OSError, dns.exception.DNSException):
                if dns.query.udp(dns.message.make_query(RECORD, "A"), "127.0.0.1", 0.2, port).answer:
                    break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        else:
            raise AssertionError((folder / "log").read_text())
        yield port
    finally:
        server.terminate()
        server.wait(10)


def serial(port: int) -> str:
    """Of the zone: it grows with every change."""
    return dns.query.udp(dns.message.make_query(ZONE, "SOA"), "127.0.0.1", 2, port).answer[0][0].to_text().split()[2]
