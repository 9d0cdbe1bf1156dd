"""hey and h2load on the same lab, where they are installed: new connections, full handshakes, a paced rate.

They do less than the others in their time: one upload with one token, sent again and again, no look at the certificate, no DNS,
no record of what came of it. That makes their figures a floor, not a peer's.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import time
from pathlib import Path

from loadtests.uploads import UploadMaker
from targets.model import Target

_UPLOADS, _RATE = 4000, 400
_WITHIN_S = 60


def measure(target: Target, folder: Path) -> dict[str, float | str]:
    """CPU per upload (ms) by tool, or why there is none."""
    maker = UploadMaker(
        target.service.host, target.secrets.token_key_file, f"{time.monotonic_ns() & 0xFFFFFFFF:08x}", 1
    )
    head, body = maker.make(1, 1, "hypertension", time.time_ns(), keep=False).request.split(b"\r\n\r\n", 1)
    (folder / "body.json").write_bytes(body)
    lines = [line for line in head.decode().split("\r\n")[1:] if not line.startswith(("Content-Length", "Connection"))]
    headers = [part for line in lines for part in ("-H", line)]
    url = f"https://{target.site(target.service.active).address}:{target.service.port}/fhir"
    upload = str(folder / "body.json")
    workers = _RATE // 10
    commands = {
        "hey": [
            *("-n", str(_UPLOADS), "-c", str(workers), "-q", str(_RATE // workers), "-disable-keepalive", "-m", "POST"),
            *("-T", "application/fhir+json", "-D", upload, "-host", target.service.host, *headers, url),
        ],
        "h2load": ["--h1", "-n", str(_UPLOADS), "-c", str(_UPLOADS), "-r", str(_RATE), "-d", upload, *headers, url],
    }
    return {tool: _one(target, tool, arguments) for tool, arguments in commands.items()}


def _one(target: Target, tool: str, arguments: list[str]) -> float | str:
    place = shutil.which(tool)
    if place is None:
        return "not installed"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*target.vantage.get("patients", []), place, *arguments],
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"\[20[01]\]\s+(\d+) responses|status codes: (\d+) 2xx", done.stdout)
    good = int(found[1] or found[2]) if found else 0
    if good < _UPLOADS * 0.99:
        return f"only {good} of {_UPLOADS} uploads succeeded {done.stderr.strip()[:80]}".strip()
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return round(cpu / good * 1000, 3)
