"""The two clusters of the case: `MAIN` carries the product, `TOOLS` watches it; each active at one site, mirrored at another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab import model
from lab.telemetry.schema import schema as telemetry_schema
from lab.vitals.schema import schema as vitals_schema


@dataclass(frozen=True)
class Cluster:
    """What differs between them.

    record       the name that a takeover moves; `public` has the balancer's address by site
    prefix       of its processes' names at a site ("fra/postgres", "fra/tools-postgres")
    database     name of its database, and of the role that owns it
    schema       SQL of its tables, for a defect of the lab
    buffers_mb   shared buffers of its PostgreSQL
    synchronous  whether the replication profile `sync` holds for it; telemetry never makes anybody wait
    """

    name: str
    active: str
    mirror: str
    record: str
    public: Mapping[str, str]
    prefix: str
    database: str
    port: int
    schema: Callable[[str], str]
    buffers_mb: int
    synchronous: bool


MAIN = Cluster(
    name="main",
    active="fra",
    mirror="gra",
    record=model.RECORD,
    public=model.PUBLIC,
    prefix="",
    database="vitals",
    port=5432,
    schema=vitals_schema,
    buffers_mb=32,
    synchronous=True,
)
TOOLS = Cluster(
    name="tools",
    active="gra",
    mirror="fra",
    record=model.TOOLS_RECORD,
    public=model.TOOLS_PUBLIC,
    prefix="tools-",
    database="telemetry",
    port=5433,
    schema=telemetry_schema,
    buffers_mb=8,
    synchronous=False,
)
CLUSTERS = {cluster.name: cluster for cluster in (MAIN, TOOLS)}
