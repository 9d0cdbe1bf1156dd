"""The file that tells kubectl and the client libraries where the lab's API servers are and who asks."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from lab import pki
from lab.kubernetes.access import NAMESPACE, USERS, token_file

NAME = "kubeconfig"


def write(state: Path, ports: Mapping[str, int]) -> Path:
    """Contexts "fra", "fra-read-only", … for the API server of each site at these ports of the loopback. Mode 600."""
    ca = base64.b64encode(pki.keys(state).ca.read_bytes()).decode()
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": site,
                "cluster": {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": ca},
            }
            for site, port in ports.items()
        ],
        "users": [{"name": user, "user": {"token": token_file(state, user).read_text()}} for user in USERS],
        "contexts": [
            {
                "name": site + user.removeprefix("drill"),
                "context": {"cluster": site, "user": user, "namespace": NAMESPACE},
            }
            for site in ports
            for user in USERS
        ],
        "current-context": next(iter(ports)),
    }
    path = state / NAME
    pki.secret(path, json.dumps(whole, indent=2).encode())  # JSON is YAML
    return path
