"""The auditor's path with real servers: the operators' program, with a stand-in for kubectl that runs here what is for a pod;
and the pod that reads a volume, as its manifest starts it, on a volume that it cannot write."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from lab import pki
from lab.vitals.export import write_rows
from tests.deploy.kubernetes.manifests import FOLDER, read

if TYPE_CHECKING:
    from tests.deploy.kubernetes.two_sites import Database

_KUBECTL = """#!/bin/sh
case "$*" in
  *"get pod postgres-0"*) printf %s "$HOLDER" ;;
  *" exec "*) while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
esac
"""


class Auditor:
    """Reads stores into files of `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "bin").mkdir()
        (root / "bin/kubectl").write_text(_KUBECTL)
        (root / "bin/kubectl").chmod(0o755)

    def read(self, database: Database) -> dict[str, Any]:
        """Of a server that runs: what the program printed, keys of the readings, and whether the service's export is the same."""
        found, file = self._read(database, database.environment(), holder="Running/node-1")
        same = self.root / f"{database.site}-export.ndjson"
        exported = asyncio.run(self._export(database, same))
        return {**found, "as_exported": found["proof"] == exported and file.read_bytes() == same.read_bytes()}

    def read_volume(self, database: Database) -> dict[str, Any]:
        """Of a server that is dead: the same, and whether its volume is as it was."""
        volume, place = database.folder / "data", self.root / f"{database.site}-reader"
        before = _content(volume)
        for name in ("data", "copy", "run/postgres"):
            (place / name).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", volume, place / "data"], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", place / "data"], check=True)
        (pod,) = read((FOLDER / "commands/store_reader.yaml").read_text())
        (container,) = pod["spec"]["containers"]
        told = {each["name"]: each["value"] for each in container["env"]}
        moved = {name: f"{place}{value}" if value.startswith("/") else value for name, value in told.items()}
        environment = {**database.environment(), **moved}
        with (place / "log").open("wb") as log:
            command = [*container["command"], *container["args"]]
            server = subprocess.Popen(command, env=environment, cwd=place, stdout=log, stderr=log)
        try:
            probe = [word.replace("/run/", f"{place}/run/") for word in container["readinessProbe"]["exec"]["command"]]
            for _ in range(300):
                if subprocess.run(probe, env=environment, check=False).returncode == 0:
                    break
                time.sleep(0.1)
            found, _ = self._read(database, environment, holder="")
        finally:
            server.kill()
            server.wait()
            subprocess.run(["umount", place / "data"], check=True)
            subprocess.run(["rm", "-rf", place / "copy"], check=True)
        return {**found, "log": (place / "log").read_text()[-2000:], "volume_as_it_was": _content(volume) == before}

    def _read(self, database: Database, pod: dict[str, str], holder: str) -> tuple[dict[str, Any], Path]:
        file = self.root / f"{database.site}-store.ndjson"
        done = subprocess.run(
            [FOLDER / "commands/read_store.sh", database.site, file],
            env={**pod, "PATH": f"{self.root / 'bin'}:{pod['PATH']}", "HOLDER": holder},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            return {"why": done.stderr}, file
        found: dict[str, Any] = json.loads(done.stdout)
        found["keys"] = [json.loads(line)["identifier"]["value"] for line in file.read_text().splitlines()]
        return found, file

    async def _export(self, database: Database, file: Path) -> dict[str, Any]:
        connection = await asyncpg.connect(
            host=str(database.folder / "run/postgres"),
            user="postgres",
            password=pki.password(database.folder / "given/passwords", "postgres"),
            database="vitals",
        )
        try:
            return await write_rows(connection, file)
        finally:
            await connection.close()


def _content(volume: Path) -> dict[str, str]:
    return {
        str(path.relative_to(volume)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in volume.rglob("*")
        if path.is_file()
    }
