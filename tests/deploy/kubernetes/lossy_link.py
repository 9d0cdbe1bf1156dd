"""What `link.pl` measures over a link of the lab that is sound, slow, lossy, cut: run in a network namespace of its own,
``python -m tests.deploy.kubernetes.lossy_link FOLDER``; prints one JSON object of facts.

The lab's network alone, through its wire; a socket listens at fra where its database would, the program runs at gra.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from lab import model
from lab.net.links import WireLinks
from lab.net.mounts import make_mounts
from lab.net.namespace import FOLDER as ZONES
from lab.net.namespace import inside
from lab.net.topology import DELAYED, PRIVATE_LINK, make_links, make_zones
from tests.deploy.kubernetes.manifests import FOLDER

PORT, BACKLOG = 30432, 120  # as many as PostgreSQL lets wait, by its max_connections


def listen() -> None:
    """Takes every connection, and ends it when the other side does."""
    with inside("fra"):
        database = socket.create_server((model.PRIVATE["fra"], PORT), backlog=BACKLOG)

    def serve() -> None:
        held = []
        while True:
            held.append(database.accept()[0])
            if len(held) > BACKLOG:
                held.pop(0).close()

    threading.Thread(target=serve, daemon=True).start()


def measure(*arguments: str, port: int = PORT) -> str:
    """What the program prints at gra; where it fails, what it says."""
    done = subprocess.run(
        ["nsenter", f"--net={ZONES / 'gra'}", "perl", str(FOLDER / "base/postgres/link.pl"), *arguments],
        env={"PATH": "/usr/bin:/bin", "PEER": f"host={model.PRIVATE['fra']} port={port}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (done.stdout if done.returncode == 0 else done.stderr).strip()


async def tell() -> dict[str, Any]:
    """All of it, in its order."""
    links, facts = WireLinks(), {}
    await links.start(dict.fromkeys(DELAYED, 1.0))
    listen()
    facts["sound"] = [measure("round_trip"), measure("loss", "200")]
    facts["refused"] = [measure("round_trip", port=PORT + 1), measure("loss", "20", port=PORT + 1)]
    await links.set_delay(PRIVATE_LINK, a_to_b_ms=40, b_to_a_ms=40)
    facts["slow"] = [measure("round_trip"), measure("loss", "200")]
    await links.set_delay(PRIVATE_LINK, a_to_b_ms=475, b_to_a_ms=475)
    facts["late"] = measure("loss", "20")
    await links.set_delay(PRIVATE_LINK, a_to_b_ms=1, b_to_a_ms=1)
    for way, losses in {"there": (0.0, 0.2), "back": (0.2, 0.0), "both": (0.2, 0.2)}.items():
        await links.set_loss(PRIVATE_LINK, a_to_b=losses[0], b_to_a=losses[1])
        facts[way] = measure("loss", "400")
    await links.set_loss(PRIVATE_LINK, a_to_b=0, b_to_a=0)
    await links.set_passing(PRIVATE_LINK, a_to_b=True, b_to_a=False)
    facts["cut"] = [measure("round_trip"), measure("loss", "20")]
    await links.set_passing(PRIVATE_LINK, a_to_b=True, b_to_a=True)
    facts["mended"] = [measure("round_trip"), measure("loss", "200")]
    return facts


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        make_mounts(Path(sys.argv[1]))
        make_zones()
        make_links(through_wire=True)
        print(json.dumps(asyncio.run(tell())), flush=True)
    os._exit(0)  # the wire and a thread are still there
