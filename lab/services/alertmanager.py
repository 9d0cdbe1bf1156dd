"""The real Alertmanager at each site. The two speak over the private link, certificates at both ends: one alert is told once."""

from __future__ import annotations

from ruamel.yaml import YAML

from lab import model, pki
from lab.clusters import TOOLS
from lab.model import SITES, Options, Process, Ready
from lab.precedence import WATCHERS_NICE
from lab.servers import environment, program

PORT = 9093
_GOSSIP_PORT = 9094
HEARTBEAT = "Heartbeat"  # fires always: a channel on which it stays away is broken (a dead man's switch)
HEARTBEAT_S = 3
# what Prometheus keeps of what it shows: does it tell people, and do they hear it?
METRICS = (
    "alertmanager_alerts",
    "alertmanager_cluster_members",
    "alertmanager_notifications_total",
    "alertmanager_notifications_failed_total",
)


def server(options: Options, site: str) -> Process:
    """Alertmanager of that site, on the loopback behind the balancer."""
    keys = pki.keys(options.state)
    folder = options.folder("volumes", site, "alertmanager")
    configs = options.folder("alertmanager")
    with (configs / f"{site}-config.yml").open("w", encoding="utf-8") as out:
        YAML().dump(_routes(options), out)
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
    with (configs / f"{site}-mesh.yml").open("w", encoding="utf-8") as out:
        YAML().dump(mesh, out)
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
        nice=WATCHERS_NICE,
        stop="KILL",  # asked to end, it waits ten seconds for its peer to hear of it; there is nothing to be written down
    )


def _routes(options: Options) -> dict[str, object]:
    """Everybody on duty hears of a page by every channel; the heartbeat goes the same ways, again and again."""
    keys = pki.keys(options.state)
    hooks = [
        {
            "url": f"https://{name}/alerts",
            "send_resolved": True,
            "http_config": {
                "authorization": {"type": "Bearer", "credentials_file": str(keys.token("oncall.token"))},
                "tls_config": {"ca_file": str(keys.ca)},
            },
        }
        for name, _ in model.ONCALL.values()
    ]
    # the known-bad route: a label that no alert has, as after a renaming that forgot the other file
    page = "severity" if options.defect == "alert-misrouted" else "sloth_severity"
    return {
        "route": {
            "receiver": "nobody",
            "group_by": ["alertname"],
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "1h",
            "routes": [
                {
                    "receiver": "heartbeat",
                    "matchers": [f"alertname = {HEARTBEAT}"],
                    "repeat_interval": f"{HEARTBEAT_S}s",
                },
                {"receiver": "on duty", "matchers": [f'{page} = "page"']},
            ],
        },
        "receivers": [
            {"name": "nobody"},
            {"name": "on duty", "webhook_configs": hooks},
            {"name": "heartbeat", "webhook_configs": hooks},
        ],
        "templates": [],
    }
