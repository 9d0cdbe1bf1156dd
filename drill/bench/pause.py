"""The two-second pause: a service that stands still for 2 of 20 seconds, at 200 uploads a second. Who sees it?

The truth is known by arithmetic: every upload that was due in the pause waits for its end. A tool that waits for answers before
it sends again (closed model) hardly sends in the pause, and so hardly sees it ("coordinated omission", Tene 2013).
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
from ruamel.yaml import YAML

from lab import pki
from loadtests.order import Order
from results.clock import Clock
from results.evidence import Evidence
from results.history import compact
from results.plan import Plan

_HOME = Path(__file__).resolve().parent.parent.parent
RATE, LASTS_S, PAUSE_AT_S, PAUSE_S = 200, 20.0, 8.0, 2.0
_HOST = "vitals.heart.test"


class PausingService:
    """HTTPS and DNS on the loopback; acknowledges everything, except that it stands still once."""

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True)
        self._keys = pki.make_keys(state)
        self.port = self.dns_port = 0
        self._pause_ends = 0.0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._serve, daemon=True).start()
        self._ready.wait(10)

    def pause(self) -> None:
        self._pause_ends = time.monotonic() + PAUSE_S

    def target(self, path: Path) -> Path:
        """The target file that describes it."""
        described: dict[str, Any] = {
            "schema": "zweitherz/target/1",
            "name": "pausing service",
            "environment": "lab",
            "sites": [{"name": "fra", "region": "DE", "address": "127.0.0.1"}],
            "service": {"host": _HOST, "port": self.port, "ca_file": str(self._keys.ca), "active": "fra"},
            "zone": {"name": "heart.test", "record": _HOST, "ttl_s": 5, "authoritative": []},
            "resolvers": [{"name": "honest", "address": "127.0.0.1", "port": self.dns_port, "kind": "honest"}],
            "distances": [{"name": name} for name in ("near", "middle", "far")],
            "secrets": {"token_key_file": str(self._keys.token_key)},
        }
        with path.open("w") as out:
            YAML().dump(described, out)
        return path

    def _serve(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._keys.certificate, self._keys.key)

        async def start() -> None:
            server = await asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=context, backlog=1000)
            self.port = server.sockets[0].getsockname()[1]
            transport, _ = await self._loop.create_datagram_endpoint(_Names, local_addr=("127.0.0.1", 0))
            self.dns_port = transport.get_extra_info("sockname")[1]
            self._ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                digest = hashlib.sha256(await reader.readexactly(length)).hexdigest()
                await asyncio.sleep(max(0.0, self._pause_ends - time.monotonic()))
                headers = f"Content-Length: 0\r\nUpload-Ack: 1\r\nUpload-Digest: {digest}\r\nServing-Site: fra\r\n"
                writer.write(f"HTTP/1.1 201 Created\r\n{headers}\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class _Names(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # asyncio's address
        answer = dns.message.make_response(dns.message.from_wire(data))
        answer.answer.append(dns.rrset.from_text(f"{_HOST}.", 5, "IN", "A", "127.0.0.1"))
        self._transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined] # a datagram transport


def truth_ms(q: float = 0.99) -> float:
    """Latency quantile of an even stream of arrivals of which those in the pause wait for its end."""
    arrivals = int(RATE * LASTS_S)
    waits = [max(0.0, PAUSE_S - (n / RATE)) for n in range(int(RATE * PAUSE_S))]
    ordered = sorted([*waits, *([0.0] * (arrivals - len(waits)))])
    return ordered[math.ceil(q * arrivals) - 1] * 1000


def ours_ms(folder: Path) -> float:
    """p99 from the intended time, as our sender and our evidence give it."""
    service = PausingService(folder / "pause-ours")
    run = folder / "pause-run"
    run.mkdir()
    classes = [{"name": "keep-alive", "share": 1, "resolver": "honest", "keep_alive": True}]
    load = {"rate": RATE, "classes": classes, "jitter": 0, "grid_ms": 0}
    # a patient of its own for every upload: nobody waits for himself
    plan = Plan.model_validate({"drill": "pause", "population": {"patients": int(RATE * LASTS_S)}, "load": load})
    clock = Clock.anchored_now()
    order = Order(
        plan=plan,
        target=service.target(folder / "pause.yaml"),
        run=run,
        tag="00000000",
        clock=next(iter(clock.to_environment().values())),
        worker=0,
        workers=1,
        users=plan.population.patients,
    )
    command = [sys.executable, "-m", "loadtests.sender", order.model_dump_json(by_alias=True)]
    with subprocess.Popen(command, cwd=_HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sender:
        if sender.stdout is None or sender.stdin is None:
            raise RuntimeError("sender: no pipes")
        sender.stdout.readline()  # the first frame: it has begun
        time.sleep(PAUSE_AT_S)
        service.pause()
        time.sleep(LASTS_S - PAUSE_AT_S - 0.5)
        sender.stdin.write(b'{"drain": true}\n')
        sender.stdin.flush()
        sender.stdout.read()
    compact(run)
    with Evidence(run) as evidence:
        (p99,) = evidence.row("SELECT quantile_disc((t_ack - t_intended) / 1e6, 0.99) FROM operations")
    return round(float(p99), 1)


def locust_ms(folder: Path) -> float:
    """p99 as Locust gives it: users who send again when they have their answer, paced by constant_throughput."""
    service = PausingService(folder / "pause-locust")
    script = folder / "closed_locustfile.py"
    script.write_text(_CLOSED)
    environment = {
        **os.environ,
        "BENCH_URL": f"https://127.0.0.1:{service.port}",
        "LOCUST_CSV": str(folder / "closed"),
    }
    command = [
        *(sys.executable, "-m", "locust", "-f", str(script), "--headless", "-u", "20", "-r", "20"),
        *("-t", f"{LASTS_S:g}s", "--csv", str(folder / "closed")),
    ]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as locust:
        time.sleep(PAUSE_AT_S + 2)
        service.pause()
        locust.wait(60)
    header, *_, total = (folder / "closed_stats.csv").read_text().splitlines()
    return float(dict(zip(header.split(","), total.split(","), strict=False))["99%"])


_CLOSED = """
import os
from locust import FastHttpUser, constant_throughput, task

class Closed(FastHttpUser):
    host = os.environ["BENCH_URL"]
    insecure = True
    wait_time = constant_throughput(10)

    @task
    def upload(self):
        self.client.post("/fhir", data=b"x", name="/fhir")
"""
