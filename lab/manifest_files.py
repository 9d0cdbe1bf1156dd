"""The files that the manifests of ``deploy/kubernetes`` are given, and never contain: secrets and the schemas of the databases.

``python -m lab.manifest_files FOLDER`` makes what is missing there; both sites get the same, since either must be able to stand
in for the other. A second call changes nothing: the databases know the passwords of the first one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lab import pki
from lab.clusters import CLUSTERS

# how servers without fixed addresses are called where certificates are shown at both ends
DATABASE, PEER, METRICS = "postgres", "postgres-peer", "metrics"


def make(folder: Path) -> None:
    """Everything below `folder` (mode 700). Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    keys = pki.keys(folder)
    if not keys.passwords.exists():  # written last of all secrets: where it is, all are
        keys = pki.make_keys(folder, (DATABASE, PEER, METRICS))
    for cluster in CLUSTERS.values():
        role = cluster.database
        word = pki.password(keys.passwords, role)
        # a service sees its own password and nobody else's
        pki.secret(folder / "secrets" / f"passwords-{role}", f"*:*:*:{role}:{word}\n".encode())
        (folder / f"{role}.sql").write_text(_sql(role, cluster.schema("none")))
    token = keys.token("prometheus.token").read_text().strip()
    pki.secret(keys.access / "allowed", f"Bearer {token}\n".encode())


def _sql(role: str, tables: str) -> str:
    """For psql, which fills in the password as a variable: the role, its database, its tables."""
    return (
        f"CREATE ROLE {role} LOGIN PASSWORD :'password';\n"
        f"CREATE DATABASE {role} OWNER {role};\n"
        f"\\connect {role}\n{tables}"
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
