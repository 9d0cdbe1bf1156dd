"""A lab that is up, as tests use it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import requests

from lab.clusters import TOOLS
from lab.launch import Up
from targets.lab_control import LabControl
from targets.read import read_target
from tests.lab.upload import bundle, token


class RunningLab:
    """Its target, its control socket, its gates on the loopback."""

    python = sys.executable

    def __init__(self, up: Up) -> None:
        self.up = up
        self.folder = up.target.parent
        self.target = read_target(up.target)
        self.control = LabControl(self.folder / "control.sock")
        self.key = (self.folder / "secrets/token.key").read_text()
        self._count = 0

    def url(self, site: str) -> str:
        return f"https://127.0.0.1:{self.up.gates[site]}"

    def request(self, method: str, path: str, site: str = "fra", **more: Any) -> requests.Response:
        timeout = more.pop("timeout", 10)
        return requests.request(
            method, self.url(site) + path, verify=str(self.folder / "ca.pem"), timeout=timeout, **more
        )

    def tools(self, method: str, path: str, service: str, site: str = "gra", **more: Any) -> requests.Response:
        """A request to a service of the tools cluster (sentry, matomo, prometheus, alertmanager) at that site."""
        headers = {"Host": f"{service}.{TOOLS.record}", **more.pop("headers", {})}
        url = f"https://127.0.0.1:{self.up.gates[TOOLS.prefix + site]}{path}"
        return requests.request(method, url, headers=headers, verify=str(self.folder / "ca.pem"), timeout=10, **more)

    def access(self, name: str) -> str:
        """A secret of the tools cluster (`lab.pki.TOKENS`)."""
        return (self.folder / "secrets/access" / name).read_text()

    def upload(
        self, key: str | None = None, site: str = "fra", timeout_s: float = 10, **changes: Any
    ) -> requests.Response:
        """One upload of patient 7; `changes` replace request headers (None: left out) or `body`."""
        self._count += 1
        key = key or f"t-{self._count}-{time.monotonic_ns()}"
        body = changes.pop("body", json.dumps(bundle(key)).encode())
        headers = {
            "Authorization": f"Bearer {token(self.key)}",
            "Content-Type": "application/fhir+json",
            "Idempotency-Key": key,
        }
        headers = {name: value for name, value in (headers | changes).items() if value is not None}
        return self.request("POST", "/fhir", site, data=body, headers=headers, timeout=timeout_s)

    def auditor(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.key, 'auditor', scope='system/*.read')}"}

    def inside(self, vantage: str, *argv: str, check: bool = True) -> str:
        """Output of a command run at a vantage point of the target."""
        done = subprocess.run(
            [*self.target.vantage[vantage], *argv], capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.strip()


def eventually(condition: Callable[[], Any], within_s: float = 90) -> Any:
    """The first true value of `condition`. The bound is for a stuck system; a healthy one needs a fraction of it."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.05)
    return value
