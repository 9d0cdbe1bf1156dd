"""The target file: one system under drill. The lab writes one for itself (``<state>/target.yaml``).

Unknown keys are errors. Secrets are never in it: it names files (mode 600) or environment variables.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, IPvAnyNetwork, model_validator

from targets.dns import Dns
from targets.kubernetes import Kubernetes
from targets.part import Part
from targets.secret import NoSecret, Secret

__all__ = ["Endpoint", "Matomo", "NoSecret", "Prometheus", "Secret", "Sentry", "Site", "Target", "Tools"]


class Endpoint(Part):
    """A server's name, address and port."""

    name: str
    address: str
    port: int = Field(ge=1, le=65535)


class Site(Part):
    """One data centre.

    address   its balancer's public address; `tools_address` that of the tools cluster's balancer there
    monitors  where the monitors that stand there show what they see (metrics, and that they live) to their peers
    """

    name: str
    region: str
    address: str
    tools_address: str | None = None
    monitors: Endpoint | None = None


class Service(Part):
    """The product as patients reach it: ``https://<host>:<port>``; `host` is also SNI and Host header.

    wildcard_host  a pattern such as ``*.vitals.heart.test`` under the same certificate, if there is one
    """

    name: str = "vitals"
    host: str
    port: int = 443
    wildcard_host: str | None = None
    ca_file: Path
    active: str = Field(description="name of the site that serves before the drill")


class Stream(Part):
    """The analysis of readings: REST at ``https://<host><path>``, live at ``wss://<host><path>/stream``."""

    host: str
    port: int = 443
    path: str = "/analysis"


class Network(Part):
    """Addresses of one owner (`network` in CIDR notation) and the region in which they are, a country code for example."""

    network: IPvAnyNetwork
    owner: str
    region: str


class Residency(Part):
    """Where data may go. An address that is in none of the `networks` has no declared region."""

    allowed: list[str]
    networks: list[Network]


class Zone(Part):
    """The DNS entry that a takeover changes, and who answers for it."""

    name: str
    record: str = Field(description="fully qualified, without the final dot")
    ttl_s: int
    authoritative: list[Endpoint]
    stop: str | None = Field(
        None, description="a name: whoever may change the zone ends any drill by a TXT record 'stop' there"
    )


class Resolver(Part):
    """A resolver that a class of clients uses."""

    name: str
    address: str
    port: int = 53
    kind: Literal["honest", "clamped", "stale", "unknown"] = "unknown"


class Distance(Part):
    """A distance class: uploads bound to `source` travel that far."""

    name: str
    source: str | None = None
    one_way_ms: float | None = None


class Secrets(Part):
    """Where secrets lie: files of mode 600."""

    token_key_file: Path = Field(description="HS256 key (hex) that signs the patients' bearer tokens")


class Sentry(Part):
    """Where errors are seen. `projects`: number (as in the DSN) by slug; `key` sends, `token` reads the web API.

    check_in_s  pause between two check-ins of the monitors; the real Sentry takes five a minute of each and drops the rest
    """

    url: str
    organization: str
    projects: dict[str, int]
    key: Secret
    token: Secret
    check_in_s: float = Field(15, gt=0)


class Matomo(Part):
    """Where use is seen. `site`: idSite; `token`: token_auth of the reporting API."""

    url: str
    site: int
    token: Secret


class Prometheus(Part):
    """Where figures are seen; `token` is sent as Bearer.

    certificate_ends, releases, clock  PromQL, each optional, for the monitor that compares the sites: Unix time until which the
                     certificate of each server is valid; one series (label version) for each release that runs anywhere;
                     seconds that each server's clock is ahead
    replication_lag  PromQL: how far the mirror lies behind, in bytes; the default is as postgres_exporter names it, over a
                     minute: one scrape that failed does not mean that no mirror follows
    """

    url: str
    token: Secret
    replication_lag: str = "max(max_over_time(pg_stat_replication_pg_wal_lsn_diff[1m]))"
    certificate_ends: str | None = None
    releases: str | None = None
    clock: str | None = None


class Tools(Part):
    """The cluster that watches the product. `record` is the DNS entry that its takeover changes.

    private_pem  key and certificate (one file, mode 600) of what speaks between the sites: monitors, their peers, Prometheus
    """

    record: str
    active: str
    ca_file: Path
    private_pem: Path | None = None
    sentry: Sentry | None = None
    matomo: Matomo | None = None
    prometheus: Prometheus | None = None


class Budget(Part):
    """The error budget that must be left before anything is broken.

    query     PromQL for the share that is left (0 to 1, one value), asked of the target's Prometheus, at the site where the tools
              cluster is active; Sloth records ``slo:period_error_budget_remaining:ratio``
    at_least  below that no drill begins
    """

    query: str
    at_least: float = Field(0.2, ge=0, le=1)


class Limits(Part):
    """How far a drill may go on this target: its blast radius. null: no limit.

    faults    names of the faults that may be injected, also as conditions
    sites     sites that may be lost or have something broken
    patients  simulated at most; `rate` uploads a second at most
    budget    error budget that must be left
    """

    faults: list[str] | None = None
    sites: list[str] | None = None
    patients: int | None = Field(None, ge=1)
    rate: float | None = Field(None, gt=0)
    budget: Budget | None = None


class Target(Part):
    """A whole system under drill.

    vantage  command prefix that puts a process where it belongs, by vantage point (``patients``, ``witness``,
             ``monitors-<site>``); empty: right here. The lab gives ``nsenter …``.
    loadtests  where the load generator shows its figures to Prometheus (over TLS, as the monitors do); null: nowhere
    control  the lab's control socket; null for a real system
    kubernetes  its clusters; faults that Kubernetes has a word for are injected there
    dns      how the service's entry is changed; null: a drill changes none
    """

    schema_: Literal["zweitherz/target/1"] = Field("zweitherz/target/1", alias="schema")
    name: str
    environment: Literal["lab", "staging", "production"]
    takeover: Literal["perform", "observe"] = "observe"
    sites: list[Site]
    service: Service
    stream: Stream | None = None
    zone: Zone
    resolvers: list[Resolver]
    distances: list[Distance]
    secrets: Secrets
    tools: Tools | None = None
    loadtests: Endpoint | None = None
    residency: Residency | None = None
    limits: Limits = Limits()
    vantage: dict[str, list[str]] = Field(default_factory=dict)
    control: Path | None = None
    kubernetes: Kubernetes | None = None
    dns: Dns | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _a_context_for_each_site(self) -> Target:
        if self.kubernetes is not None and (of := set(self.kubernetes.contexts)) != (
            own := {s.name for s in self.sites}
        ):
            raise ValueError(f"kubernetes.contexts: of {', '.join(sorted(of))}; the sites are {', '.join(sorted(own))}")
        return self

    @model_validator(mode="after")
    def _somebody_can_say_what_the_entry_is(self) -> Target:
        if self.dns is not None and not self.zone.authoritative:
            raise ValueError("dns: zone.authoritative names no server: nobody could say whether the entry was changed")
        for each in self.zone.authoritative if self.dns is not None else []:
            ip_address(each.address)  # they are asked themselves: no name leads to them
        return self

    @model_validator(mode="after")
    def _a_stranger_is_none_of_ours(self) -> Target:
        if self.dns is not None and (stranger := self.dns.stranger) is not None:
            ours = [ip_address(each.address) for each in self.sites]
            if stranger in ours or any(each.version != stranger.version for each in ours):
                raise ValueError(f"dns.stranger: {stranger}: another host than the sites', of their address family")
        return self

    def site(self, name: str) -> Site:
        """The site of that name. Raises KeyError naming those there are."""
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(f"site {name!r}: the target has {', '.join(each.name for each in self.sites)}")

    def monitors_at(self, site: str) -> list[str] | None:
        """Command prefix that puts monitors where those of that site stand; None: the target does not let us in there."""
        return self.vantage.get(f"monitors-{site}")

    def site_at(self, address: str) -> str | None:
        """Name of the site whose balancer has that address."""
        return next((site.name for site in self.sites if site.address == address), None)
