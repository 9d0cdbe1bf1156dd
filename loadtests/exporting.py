"""The end of the pipe to the exporter (`loadtests.exporter`) that belongs to Locust. It never waits for the other end."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from loadtests.frame import Frame
from targets.model import Target

_LOG = logging.getLogger("fleet")
_MOST_WAITING = 1 << 20  # bytes; an exporter that takes nothing for minutes is left behind
_END_WITHIN_S = 5


@dataclass(frozen=True)
class Showing:
    """Where the exporter serves, to whom, and the names of the sites. `pem`, `ca`: None for plain HTTP (on the loopback)."""

    address: str
    port: int
    sites: tuple[str, ...]
    pem: Path | None = None
    ca: Path | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> Showing:
        """Raises ValueError, KeyError, TypeError on anything else."""
        given = json.loads(line)
        paths = {name: Path(given[name]) if given[name] else None for name in ("pem", "ca")}
        return cls(given["address"], int(given["port"]), tuple(given["sites"]), **paths)


def showing(target: Target, port: int | None) -> tuple[Showing, list[str]] | None:
    """Where the figures are shown: on that port of the loopback, else where the target wants them, else nowhere (None).

    The second part is the command prefix that puts the exporter there.
    """
    sites = tuple(site.name for site in target.sites)
    if port is not None:
        return Showing("127.0.0.1", port, sites), []
    at, tools = target.loadtests, target.tools
    if at is None or tools is None or tools.private_pem is None:
        return None
    return Showing(at.address, at.port, sites, tools.private_pem, tools.ca_file), target.vantage.get("patients", [])


class Exporting:
    """An exporter at work. What it cannot take at once waits here; a load test never fails for the sake of its figures."""

    def __init__(self, what: Showing, prefix: list[str]) -> None:
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "loadtests.exporter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parent.parent,
            start_new_session=True,  # a Ctrl-C on the terminal is for Locust
        )
        pipe = self._process.stdin
        if pipe is None:
            raise RuntimeError("the exporter has no standard input")
        self._pipe, self._open = pipe, True
        os.set_blocking(pipe.fileno(), False)
        self._waiting = bytearray(what.to_json().encode() + b"\n")

    def tell(self, sender: str, frame: Frame) -> None:
        """A frame of one sender. Never waits."""
        if not self._open:
            return
        self._waiting += sender.replace(" ", "_").encode() + b" " + frame.to_json()
        try:
            sent = os.write(self._pipe.fileno(), self._waiting)
        except BlockingIOError:
            sent = 0
        except BrokenPipeError:
            self._leave("has ended")
            return
        del self._waiting[:sent]
        if len(self._waiting) > _MOST_WAITING:
            self._leave(f"has not taken {len(self._waiting)} bytes")

    def close(self) -> None:
        """End it."""
        self._open = False
        self._pipe.close()
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _leave(self, why: str) -> None:
        self._open = False
        _LOG.warning("the exporter %s: Prometheus sees no more figures of this load test", why)
