"""The real Prometheus at each site: both scrape everything and evaluate all rules, as is usual in the field.

Services and databases are scraped over the private link, the site's own monitors in their network, with certificates at both
ends. Rules are all files in ``<state>/rules``; SIGHUP reads them again.
"""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from lab import model, pki
from lab.clusters import TOOLS
from lab.model import SITES, Options, Process, Ready
from lab.precedence import WATCHERS_NICE
from lab.servers import environment, program
from lab.services import alertmanager, analysis, balancer_metrics, postgres_exporter, vitals

PORT = 9090
SCRAPE_S = 1
RULES = "rules"
_RESEND_S = 2
# every series costs memory at both sites: not kept is what exporters tell of themselves, and when a counter began
_NO_CLUTTER = [{"source_labels": ["__name__"], "regex": "go_.+|promhttp_.+|.+_created", "action": "drop"}]


def name(site: str) -> str:
    """Of its process at a site."""
    return f"{site}/{TOOLS.prefix}prometheus"


def server(options: Options, site: str) -> Process:
    """Prometheus of that site, on the loopback behind the balancer."""
    folder = options.folder("volumes", site, "prometheus")
    config = options.folder("prometheus") / f"{site}.yml"
    with config.open("w", encoding="utf-8") as out:
        YAML().dump(_config(options, site), out)
    return Process(
        name=name(site),
        zone=site,
        argv=(
            *(str(program("prometheus")), f"--config.file={config}", f"--storage.tsdb.path={folder}"),
            *(f"--web.listen-address=127.0.0.1:{PORT}", "--storage.tsdb.retention.time=1d"),
            *("--storage.tsdb.min-block-duration=2h", "--log.level=warn", "--web.enable-lifecycle"),
            # an alert that fires within five seconds of a reload finds no Alertmanager yet, and is lost until it is sent again
            f"--rules.alert.resend-delay={_RESEND_S}s",
        ),
        env={**environment(), "GOMAXPROCS": "1", "GOGC": "50"},
        ready=Ready(tcp=("127.0.0.1", PORT)),
        restart=True,
        nice=WATCHERS_NICE,
    )


def _config(options: Options, site: str) -> dict[str, object]:
    private = str(pki.keys(options.state).private)
    tls = {"ca_file": str(pki.keys(options.state).ca), "cert_file": private, "key_file": private}
    ports = {
        "vitals": [vitals.METRICS_PORT + number for number in range(options.servers_per_site)],
        "analysis": [analysis.METRICS_PORT],
        "postgres": [postgres_exporter.PORT],
        "balancer": [balancer_metrics.PORT],
    }
    more = {"balancer": {"params": balancer_metrics.PARAMS, "metric_relabel_configs": _keep(balancer_metrics.METRICS)}}
    return {
        "global": {
            "scrape_interval": f"{SCRAPE_S}s",
            "scrape_timeout": f"{SCRAPE_S}s",
            "evaluation_interval": f"{SCRAPE_S}s",
            "external_labels": {"replica": site},
        },
        "rule_files": [str(options.folder(RULES) / "*.yml")],
        "alerting": {
            # both replicas raise the same alert: what tells them apart is taken off, so that it is one
            "alert_relabel_configs": [{"regex": "replica", "action": "labeldrop"}],
            "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager.PORT}"]}]}],
        },
        "scrape_configs": [
            *(
                {
                    "job_name": job,
                    "scheme": "https",
                    "tls_config": tls,
                    "static_configs": _at_both_sites(ports[job]),
                    "metric_relabel_configs": _NO_CLUTTER,
                    **more.get(job, {}),
                }
                for job in ports
            ),
            {
                "job_name": "monitors",
                "scheme": "https",
                "tls_config": tls,
                # each Prometheus asks the monitors of its own site: what lies between the sites is then not in its way
                "static_configs": [{"targets": [f"{model.MONITORS[site]}:{model.MONITORS_PORT}"]}],
                "metric_relabel_configs": _NO_CLUTTER,
            },
            {
                "job_name": "loadtests",
                "scheme": "https",
                "tls_config": tls,
                "static_configs": [{"targets": [f"{model.loadtests_address()}:{model.LOADTESTS_PORT}"]}],
            },
            {
                "job_name": "alertmanager",
                "static_configs": [{"targets": [f"127.0.0.1:{alertmanager.PORT}"], "labels": {"site": site}}],
                "metric_relabel_configs": _keep(alertmanager.METRICS),
            },
        ],
    }


def _at_both_sites(ports: list[int]) -> list[dict[str, object]]:
    """A service's processes, by their metrics ports on the private link."""
    return [
        {"targets": [f"{model.PRIVATE[site]}:{port}" for port in ports], "labels": {"site": site}} for site in SITES
    ]


def _keep(metrics: tuple[str, ...]) -> list[dict[str, object]]:
    """Of what a server shows, these series alone."""
    return [{"source_labels": ["__name__"], "regex": "|".join(metrics), "action": "keep"}]


def write_rules(options: Options, title: str, rules: Path) -> None:
    """Put a rule file where every Prometheus of the lab reads it, at its next start or when it is told to."""
    (options.folder(RULES) / f"{Path(title).name}.yml").write_text(rules.read_text(encoding="utf-8"), encoding="utf-8")
