"""The real Alertmanager at each site. The two speak over the private link, certificates at both ends: one alert is told once."""

from __future__ import annotations

from ruamel.yaml import YAML

from lab import model, pki
from lab.clusters import TOOLS
from lab.model import SITES, Options, Process, Ready
from lab.servers import environment, program

PORT = 9093
_GOSSIP_PORT = 9094


def server(options: Options, site: str) -> Process:
    """Alertmanager of that site, on the loopback behind the balancer."""
    keys = pki.keys(options.state)
    folder = options.folder("volumes", site, "alertmanager")
    configs = options.folder("alertmanager")
    name, _ = model.ONCALL
    receiver = {
        "url": f"https://{name}/alerts",
        "send_resolved": True,
        "http_config": {
            "authorization": {"type": "Bearer", "credentials_file": str(keys.token("oncall.token"))},
            "tls_config": {"ca_file": str(keys.ca)},
        },
    }
    config = {
        "route": {
            "receiver": "oncall",
            "group_by": ["alertname"],
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "1h",
        },
        "receivers": [{"name": "oncall", "webhook_configs": [receiver]}],
        "templates": [],
    }
    private = str(keys.private)
    mesh = {
        "tls_server_config": {
            "cert_file": private,
            "key_file": private,
            "client_ca_file": str(keys.ca),
            "client_auth_type": "RequireAndVerifyClientCert",
        },
        "tls_client_config": {"ca_file": str(keys.ca), "cert_file": private, "key_file": private},
    }
    for kind, content in (("config", config), ("mesh", mesh)):
        with (configs / f"{site}-{kind}.yml").open("w", encoding="utf-8") as out:
            YAML().dump(content, out)
    (other,) = (each for each in SITES if each != site)
    return Process(
        name=f"{site}/{TOOLS.prefix}alertmanager",
        zone=site,
        argv=(
            *(str(program("prometheus-alertmanager")), f"--config.file={configs / f'{site}-config.yml'}"),
            *(f"--storage.path={folder}", f"--web.listen-address=127.0.0.1:{PORT}", "--log.level=warn"),
            f"--cluster.listen-address={model.PRIVATE[site]}:{_GOSSIP_PORT}",
            f"--cluster.advertise-address={model.PRIVATE[site]}:{_GOSSIP_PORT}",
            *(f"--cluster.peer={model.PRIVATE[other]}:{_GOSSIP_PORT}", "--cluster.tls-config"),
            str(configs / f"{site}-mesh.yml"),
            *("--cluster.settle-timeout=0s", "--cluster.peer-timeout=2s", "--cluster.reconnect-interval=2s"),
        ),
        env={**environment(), "GOMAXPROCS": "1", "GOGC": "50"},
        ready=Ready(tcp=("127.0.0.1", PORT)),
        restart=True,
        stop="KILL",  # asked to end, it waits ten seconds for its peer to hear of it; there is nothing to be written down
    )
