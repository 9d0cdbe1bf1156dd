"""What the target file says of this lab; the launcher adds vantage points and the control socket."""

from __future__ import annotations

import ipaddress
from typing import Any

from lab import model, pki, tools
from lab.clusters import MAIN, TOOLS
from lab.kubernetes import templates
from lab.model import Options
from lab.services import analysis
from lab.services.vitals import OLD_RELEASE
from lab.telemetry.settings import MATOMO_SITE, ORGANIZATION, PROJECTS

_REGIONS = {"fra": "DE", "gra": "FR"}
_DNS_PORT = 53
_CHECK_IN_S = 2  # a drill lasts minutes, and the stand-in takes as many as come


def describe(options: Options) -> dict[str, Any]:  # JSON values of `targets.model.Target`
    """A whole target, but for what only the host knows."""
    keys = pki.keys(options.state)
    whole = {
        "schema": "zweitherz/target/1",
        "name": "embedded lab",
        "environment": "lab",
        "takeover": options.takeover,
        "sites": [
            {
                "name": s,
                "region": _REGIONS[s],
                "address": MAIN.public[s],
                "tools_address": TOOLS.public[s],
                "monitors": {"name": f"monitors-{s}", "address": model.MONITORS[s], "port": model.MONITORS_PORT},
            }
            for s in model.SITES
        ],
        "service": {
            "name": "vitals",
            "host": MAIN.record,
            "port": model.HTTPS,
            "wildcard_host": f"*.{MAIN.record}",
            "ca_file": str(keys.ca),
            "active": MAIN.active,
        },
        "stream": {"host": analysis.HOST, "port": model.HTTPS, "path": analysis.PATH},
        "zone": {
            "name": model.ZONE,
            "record": MAIN.record,
            "ttl_s": options.ttl_s,
            "stop": model.STOP_RECORD,
            "authoritative": [{"name": n, "address": a, "port": _DNS_PORT} for n, a in model.AUTHORITATIVE.items()],
        },
        "resolvers": [{"name": k, "address": a, "port": _DNS_PORT, "kind": k} for k, a in model.RESOLVERS.items()],
        "distances": [
            {"name": name, "source": model.PATIENTS[name], "one_way_ms": options.distances_ms[name]}
            for name in model.PATIENTS
        ],
        "secrets": {"token_key_file": str(keys.token_key)},
        "residency": {"allowed": list(_REGIONS.values()), "networks": _networks()},
    }
    if tools.sites(options):
        whole["tools"] = _tools(keys)
        shown_at = model.loadtests_address()
        whole["loadtests"] = {"name": "loadtests", "address": shown_at, "port": model.LOADTESTS_PORT}
    if options.kubernetes:
        whole["kubernetes"] = _kubernetes(options)
    return whole


def _kubernetes(options: Options) -> dict[str, Any]:
    """The API servers over this lab (`lab.kubernetes`)."""
    kinds = {"database": "StatefulSet"}
    named = {"server": "vitals", "analysis": "analysis", "balancer": "balancer", "database": "postgres"}
    return {
        "kubeconfig": str(options.state / "kubeconfig"),
        "contexts": {site: site for site in model.SITES},
        "namespaces": ["vitals", "tools"] if tools.sites(options) else ["vitals"],
        "deployments": {
            "expired_certificate": {"volume": templates.VOLUME, "secret": "vitals-tls-expired"},
            "old_release": {"container": "vitals", "image": f"{templates.IMAGE}:{OLD_RELEASE}"},
        },
        "chaos_mesh": {"volume_path": templates.DATA} if options.volume_mb else {},
        "isolated": ["vitals"],  # all processes of a site share its network
        "private_link": {site: [f"{address}/32"] for site, address in model.PRIVATE.items()},
        "workloads": {
            role: {"kind": kinds.get(role, "Deployment"), "namespace": "vitals", "name": name}
            for role, name in named.items()
        },
    }


def _networks() -> list[dict[str, str]]:
    """Every network of the lab; a single address where its owner is not that of the network around it."""
    owned = [
        *((_network(model.PUBLIC[site]), f"site {site}", region) for site, region in _REGIONS.items()),
        *((model.PRIVATE[site], f"site {site}", region) for site, region in _REGIONS.items()),
        *((_network(model.MONITORS[site]), f"monitors {site}", region) for site, region in _REGIONS.items()),
        *((_network(address), "patients", "DE") for address in model.PATIENTS.values()),
        (_network(model.WITNESS), "witness", "DE"),
        (_network(model.AUTHORITATIVE["ns1"]), "DNS provider", "DE"),
        *((address, "on call", "DE") for _, address in model.ONCALL.values()),
        (model.STRANGER, "somebody else", "DE"),
        (model.ABROAD[1], "telemetry abroad", "US"),
    ]
    return [{"network": network, "owner": owner, "region": region} for network, owner, region in owned]


def _network(address: str) -> str:
    return str(ipaddress.ip_network(f"{address}/24", strict=False))


def _tools(keys: pki.Keys) -> dict[str, Any]:
    def secret(name: str) -> dict[str, str]:
        return {"file": str(keys.token(name))}

    return {
        "record": TOOLS.record,
        "active": TOOLS.active,
        "ca_file": str(keys.ca),
        "private_pem": str(keys.private),
        "sentry": {
            "url": f"https://sentry.{TOOLS.record}",
            "organization": ORGANIZATION,
            "projects": {slug: number for number, slug in PROJECTS.items()},
            "key": secret("sentry.key"),
            "token": secret("sentry.token"),
            "check_in_s": _CHECK_IN_S,
        },
        "matomo": {
            "url": f"https://matomo.{TOOLS.record}",
            "site": MATOMO_SITE,
            "token": secret("matomo.token"),
        },
        "prometheus": {
            "url": f"https://prometheus.{TOOLS.record}",
            "token": secret("prometheus.token"),
            # scraped every second here: ten of them missed are no hiccup
            "certificate_ends": "min by (site) (vitals_certificate_ends_seconds)",
            "releases": "count by (version, site) (vitals_build_info)",
            "clock": "max by (site) (vitals_clock_seconds - timestamp(vitals_clock_seconds))",
            "replication_lag": "max(max_over_time(pg_stat_replication_pg_wal_lsn_diff[10s]))",
        },
    }
