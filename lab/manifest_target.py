"""The target file of the reference system that ``deploy/kubernetes/up.sh`` raises, beside the secrets that it names.

``python -m lab.manifest_target FOLDER TAG fra=ADDRESS gra=ADDRESS``: FOLDER is ``deploy/kubernetes/secrets/made``, TAG that of
the services' image, ADDRESS that of a node of the site's cluster, where its balancer's node port is. No name server belongs to
that system: none is named.
"""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lab import model, pki
from lab.clusters import MAIN, TOOLS

_NODE_PORT = 30443
_REGIONS = {"fra": "DE", "gra": "FR"}
_COMMANDS = Path(__file__).resolve().parent.parent / "deploy" / "kubernetes" / "commands"
_WORKLOADS = {
    "server": ("Deployment", MAIN.database, "vitals"),
    "analysis": ("Deployment", MAIN.database, "analysis"),
    "balancer": ("Deployment", MAIN.database, "balancer"),
    "database": ("StatefulSet", MAIN.database, "postgres"),
    "sentry": ("Deployment", "tools", "sentry"),
    "matomo": ("Deployment", "tools", "matomo"),
    "prometheus": ("StatefulSet", "tools", "prometheus"),
}


def describe(
    folder: Path, tag: str, addresses: dict[str, str]
) -> dict[str, Any]:  # JSON values of `targets.model.Target`
    """The whole target; `tag`: of the services' image, `addresses`: IP address by site. ValueError where a site has none."""
    if set(addresses) != set(model.SITES):
        raise ValueError(f"addresses of {', '.join(addresses) or 'no site'} (needed: {', '.join(model.SITES)})")
    keys = pki.keys(folder)
    return {
        "schema": "zweitherz/target/1",
        "name": "reference system on Kubernetes",
        "environment": "staging",
        "takeover": "perform",
        "sites": [{"name": s, "region": _REGIONS[s], "address": str(ip_address(addresses[s]))} for s in model.SITES],
        "service": {"host": MAIN.record, "port": _NODE_PORT, "ca_file": str(keys.ca), "active": MAIN.active},
        "zone": {"name": model.ZONE, "record": MAIN.record, "ttl_s": 60, "authoritative": []},
        "resolvers": [],
        "distances": [{"name": "near"}],
        "secrets": {"token_key_file": str(keys.token_key)},
        "kubernetes": {
            "kubeconfig": str(folder / "drill.kubeconfig"),
            "contexts": {site: site for site in model.SITES},
            "namespaces": [MAIN.database, TOOLS.name],
            "workloads": {
                role: {"kind": kind, "namespace": namespace, "name": name}
                for role, (kind, namespace, name) in _WORKLOADS.items()
            },
            "deployments": {
                "expired_certificate": {"volume": "tls", "secret": "product-tls-expired"},
                "old_release": {"container": "vitals", "image": f"zweitherz-services:{tag}-older"},
            },
            "most_pods": 40,
            "commands": {
                "journal": [str(_COMMANDS / "journal.sh")],
                "perform": [str(_COMMANDS / "perform.sh"), "{site}", "{step}"],
                "rejoin": [str(_COMMANDS / "rejoin.sh"), "{site}"],
                "mirrored": [str(_COMMANDS / "mirrored.sh"), "{site}"],
                "volume_writable": [str(_COMMANDS / "volume_writable.sh"), "{site}"],
                "read_store": [str(_COMMANDS / "read_store.sh"), "{site}", "{file}"],
                "deployed": [str(_COMMANDS / "deployed.sh"), "{site}"],
                "private_round_trip": [str(_COMMANDS / "private_round_trip.sh")],
                "private_loss": [str(_COMMANDS / "private_loss.sh"), "--rounds", "{rounds}"],
            },
        },
    }


def write(folder: Path, tag: str, addresses: dict[str, str]) -> Path:
    """``target.yaml`` in `folder`. Raises ValueError, OSError."""
    file = folder / "target.yaml"
    with file.open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(describe(folder, tag, addresses), out)
    return file


if __name__ == "__main__":
    write(Path(sys.argv[1]).resolve(), sys.argv[2], dict(each.split("=", 1) for each in sys.argv[3:]))
