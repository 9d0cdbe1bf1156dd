"""What the receivers are told by their environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ORGANIZATION = "heart"
# project numbers as in a DSN; slugs as in the web API
PROJECTS = {1: "vitals", 2: "monitors"}
MATOMO_SITE = 1


@dataclass(frozen=True)
class Settings:
    """`access` is the folder with the secrets that open each interface; `items_per_s` the quota of each project."""

    site: str
    database: Path
    port: int
    passwords: Path
    sentry_key: str
    sentry_token: str
    matomo_token: str
    items_per_s: float

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Raises KeyError for what is missing."""
        given = os.environ if environ is None else environ
        access = Path(given["TELEMETRY_ACCESS"])
        return cls(
            site=given["TELEMETRY_SITE"],
            database=Path(given["TELEMETRY_DATABASE"]),
            port=int(given["TELEMETRY_PORT"]),
            passwords=Path(given["TELEMETRY_PASSWORDS"]),
            sentry_key=(access / "sentry.key").read_text().strip(),
            sentry_token=(access / "sentry.token").read_text().strip(),
            matomo_token=(access / "matomo.token").read_text().strip(),
            items_per_s=float(given.get("TELEMETRY_ITEMS_PER_S", "500")),
        )
