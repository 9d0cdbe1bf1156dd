"""A real Prometheus of a test's own, over TLS on the loopback, with rules that fire at once."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from lab import pki, servers


@contextlib.contextmanager
def prometheus(folder: Path, keys: pki.Keys, rules: list[dict[str, object]]) -> Iterator[str]:
    """Its URL. It evaluates `rules` every 100 ms and scrapes nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = {
        "web.yml": {"tls_server_config": {"cert_file": str(keys.tools), "key_file": str(keys.tools)}},
        "rules.yml": {"groups": [{"name": "test", "interval": "100ms", "rules": rules}]},
        "prometheus.yml": {"rule_files": [str(folder / "rules.yml")]},
    }
    for name, content in files.items():
        with (folder / name).open("w") as out:
            YAML().dump(content, out)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(servers.program("prometheus")), f"--config.file={folder / 'prometheus.yml'}"),
                *(f"--web.config.file={folder / 'web.yml'}", f"--web.listen-address=127.0.0.1:{port}"),
                f"--storage.tsdb.path={folder / 'tsdb'}",
            ],
            env={**os.environ, **servers.environment()},
            stdout=log,
            stderr=log,
        )
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
