"""The target file: one system under drill. The lab writes one for itself (``<state>/target.yaml``).

Unknown keys are errors. Secrets are never in it: it names files (mode 600) or environment variables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Endpoint(_Part):
    """A server's name, address and port."""

    name: str
    address: str
    port: int = Field(ge=1, le=65535)


class Site(_Part):
    """One data centre. `address` is its balancer's public address."""

    name: str
    region: str
    address: str


class Service(_Part):
    """The product as patients reach it: ``https://<host>:<port>``; `host` is also SNI and Host header.

    wildcard_host  a pattern such as ``*.vitals.heart.test`` under the same certificate, if there is one
    """

    name: str = "vitals"
    host: str
    port: int = 443
    wildcard_host: str | None = None
    ca_file: Path
    active: str = Field(description="name of the site that serves before the drill")


class Zone(_Part):
    """The DNS entry that a takeover changes, and who answers for it."""

    name: str
    record: str = Field(description="fully qualified, without the final dot")
    ttl_s: int
    authoritative: list[Endpoint]


class Resolver(_Part):
    """A resolver that a class of clients uses."""

    name: str
    address: str
    port: int = 53
    kind: Literal["honest", "clamped", "stale", "unknown"] = "unknown"


class Distance(_Part):
    """A distance class: uploads bound to `source` travel that far."""

    name: str
    source: str | None = None
    one_way_ms: float | None = None


class Secrets(_Part):
    """Where secrets lie: files of mode 600."""

    token_key_file: Path = Field(description="HS256 key (hex) that signs the patients' bearer tokens")


class Target(_Part):
    """A whole system under drill.

    vantage  command prefix that puts a process where it belongs, by vantage point (``patients``, ``witness``);
             empty: right here. The lab gives ``nsenter …``.
    control  the lab's control socket; null for a real system
    """

    schema_: Literal["zweitherz/target/1"] = Field("zweitherz/target/1", alias="schema")
    name: str
    environment: Literal["lab", "staging", "production"]
    takeover: Literal["perform", "observe"] = "observe"
    sites: list[Site]
    service: Service
    zone: Zone
    resolvers: list[Resolver]
    distances: list[Distance]
    secrets: Secrets
    vantage: dict[str, list[str]] = {}
    control: Path | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def site(self, name: str) -> Site:
        """The site of that name. Raises KeyError naming those there are."""
        for site in self.sites:
            if site.name == name:
                return site
        raise KeyError(f"site {name!r}: the target has {', '.join(each.name for each in self.sites)}")

    def site_at(self, address: str) -> str | None:
        """Name of the site whose balancer has that address."""
        return next((site.name for site in self.sites if site.address == address), None)
