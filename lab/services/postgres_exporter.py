"""The real postgres_exporter at each site: what Prometheus knows of the main cluster's database there, its replication above all.

On the site's private address, with certificates at both ends. It serves whether or not the database answers (``pg_up``), so
that nothing waits for a mirror that is not there yet.
"""

from __future__ import annotations

from ruamel.yaml import YAML

from lab import model, pki
from lab.clusters import MAIN, TOOLS
from lab.model import Options, Process, Ready
from lab.precedence import WATCHERS_NICE
from lab.servers import environment, program
from lab.services.postgres import EXPORTER, socket_folder

PORT = 9187


def exporter(options: Options, site: str) -> Process:
    """Reads by the database's socket, as a role that may see statistics and no rows."""
    keys = pki.keys(options.state)
    private = str(keys.private)
    config = options.folder("postgres_exporter") / f"{site}.yml"
    tls = {
        "cert_file": private,
        "key_file": private,
        "client_ca_file": str(keys.ca),
        "client_auth_type": "RequireAndVerifyClientCert",
        "min_version": "TLS13",
    }
    with config.open("w", encoding="utf-8") as out:
        YAML().dump({"tls_server_config": tls}, out)
    word = keys.passwords.with_name(f"exporter-{site}")
    pki.secret(word, pki.password(keys.passwords, EXPORTER).encode())
    where = f"host={socket_folder(site)}&port={MAIN.port}&sslmode=disable&connect_timeout=1"
    return Process(
        name=f"{site}/{TOOLS.prefix}postgres-exporter",
        zone=site,
        argv=(
            *(str(program("prometheus-postgres-exporter")), f"--web.listen-address={model.PRIVATE[site]}:{PORT}"),
            *(f"--web.config.file={config}", "--disable-settings-metrics", "--log.level=error"),
        ),
        env={
            **environment(),
            "DATA_SOURCE_URI": f"/{MAIN.database}?{where}",
            "DATA_SOURCE_USER": EXPORTER,
            "DATA_SOURCE_PASS_FILE": str(word),
            "GOMAXPROCS": "1",
            "GOGC": "50",
        },
        ready=Ready(tcp=(model.PRIVATE[site], PORT)),
        restart=True,
        nice=WATCHERS_NICE,
    )
