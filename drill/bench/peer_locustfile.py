"""The peer: Locust's FastHttpUser sending the same uploads over new TLS connections, 400 a second.

``BENCH_CONTEXT=shared`` gives it the best it can have: one TLS context for all users (the default makes one per user, which loads
the whole CA bundle each time). Bodies and headers are made before, so that only sending is compared.
"""

from __future__ import annotations

import itertools
import os
import ssl
import time
from pathlib import Path

import gevent
from geventhttpclient.connectionpool import ConnectionPool
from locust import FastHttpUser, constant_throughput, events, task

from loadtests.uploads import UploadMaker
from targets.read import read_target

_TARGET = read_target(Path(os.environ["BENCH_TARGET"]))
_ADDRESS = _TARGET.site(_TARGET.service.active).address
_HOST = _TARGET.service.host
_PER_USER = 10.0

_CONTEXT = ssl.create_default_context(cafile=str(_TARGET.service.ca_file))
_CONTEXT.minimum_version = ssl.TLSVersion.TLSv1_3


def _shared(cafile: str | None = None) -> ssl.SSLContext:
    return _CONTEXT


def _resolved(self: ConnectionPool) -> list[tuple[object, ...]]:
    """No resolver inside the patients' network has this name for getaddrinfo; our own sender really asks."""
    import socket  # noqa: PLC0415 - as gevent has patched it

    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (_ADDRESS, _TARGET.service.port))]


ConnectionPool._resolve = _resolved

_maker = UploadMaker(_HOST, _TARGET.secrets.token_key_file, os.environ["BENCH_TAG"], 1)
_uploads = itertools.cycle(
    _maker.make(patient, 1, "hypertension", time.time_ns(), keep=False).request.split(b"\r\n\r\n", 1)
    for patient in range(16_000)
)


class Peer(FastHttpUser):
    host = f"https://{_HOST}"
    wait_time = constant_throughput(_PER_USER)
    if os.environ["BENCH_CONTEXT"] == "shared":
        ssl_context_factory = staticmethod(_shared)
    else:
        insecure = True

    @task
    def upload(self) -> None:
        head, body = next(_uploads)
        lines = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        headers = {name: value for name, value in lines if name not in ("Host", "Content-Length")}
        self.client.post("/fhir", data=body, headers=headers, name="/fhir")


@events.init.add_listener
def count(environment: object, **_: object) -> None:
    """Write how many succeeded, twice a second."""

    def write() -> None:
        path = Path(os.environ["BENCH_COUNT"])
        while True:
            total = environment.stats.total
            path.with_suffix(".part").write_text(f"{total.num_requests - total.num_failures} {total.num_failures}")
            path.with_suffix(".part").replace(path)
            gevent.sleep(0.5)

    gevent.spawn(write)
