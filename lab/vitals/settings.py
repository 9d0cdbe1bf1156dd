"""What the service is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.0.0"


@dataclass(frozen=True)
class Settings:
    """`database` is the folder of the database's socket; `exports` lies on the site's volume, shared by its servers.

    `certificate` is what is shown to patients, `clock_s` how far the site's clock is ahead, `release` what this is.
    Metrics are served on `metrics_address` (empty: not at all), errors are sent to `sentry_host` (empty: to nobody).
    """

    site: str
    host: str
    database: Path
    passwords: Path
    token_key: str
    exports: Path
    defect: str
    certificate: Path = Path()
    clock_s: float = 0
    release: str = VERSION
    metrics_address: str = ""
    metrics_port: int = 0
    private_pem: Path = Path()
    ca: Path = Path()
    sentry_host: str = ""
    sentry_key: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Raises KeyError for what is missing."""
        given = os.environ if environ is None else environ
        return cls(
            site=given["VITALS_SITE"],
            host=given["VITALS_HOST"],
            database=Path(given["VITALS_DATABASE"]),
            passwords=Path(given["VITALS_PASSWORDS"]),
            token_key=Path(given["VITALS_TOKEN_KEY"]).read_text().strip(),
            exports=Path(given["VITALS_EXPORTS"]),
            defect=given.get("VITALS_DEFECT", "none"),
            certificate=Path(given.get("VITALS_CERTIFICATE", "")),
            clock_s=float(given.get("VITALS_CLOCK_S", "0")),
            release=given.get("VITALS_RELEASE", VERSION),
            metrics_address=given.get("VITALS_METRICS_ADDRESS", ""),
            metrics_port=int(given.get("VITALS_METRICS_PORT", "0")),
            private_pem=Path(given.get("VITALS_PRIVATE_PEM", "")),
            ca=Path(given.get("VITALS_CA", "")),
            sentry_host=given.get("VITALS_SENTRY_HOST", ""),
            sentry_key=Path(given["VITALS_SENTRY_KEY"]).read_text().strip() if "VITALS_SENTRY_KEY" in given else "",
        )
