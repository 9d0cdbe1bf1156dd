"""What the service is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Metrics are served on `metrics_address` (empty: not at all)."""

    site: str
    token_key: str
    metrics_address: str = ""
    metrics_port: int = 0
    private_pem: Path = Path()
    ca: Path = Path()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Raises KeyError for what is missing."""
        given = os.environ if environ is None else environ
        return cls(
            site=given["ANALYSIS_SITE"],
            token_key=Path(given["ANALYSIS_TOKEN_KEY"]).read_text().strip(),
            metrics_address=given.get("ANALYSIS_METRICS_ADDRESS", ""),
            metrics_port=int(given.get("ANALYSIS_METRICS_PORT", "0")),
            private_pem=Path(given.get("ANALYSIS_PRIVATE_PEM", "")),
            ca=Path(given.get("ANALYSIS_CA", "")),
        )
