"""The committed dashboards, as tests read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent.parent.parent / "dashboards" / "grafana"
NAMES = ("patients", "takeover", "monitors", "loadtests")


@dataclass(frozen=True)
class Asked:
    """A query of a panel, as Grafana would send it, but for its variables."""

    board: str
    panel: str
    expr: str

    def filled(self, interval: str) -> str:
        """With the interval that Grafana would fill in for rates."""
        return self.expr.replace("$__rate_interval", interval)


def read(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """JSON values."""
    whole: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return whole


def panels(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Without headings."""
    return [panel for panel in whole["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Asked]:
    """Every query of every panel of every dashboard."""
    for name in NAMES:
        for panel in panels(read(name)):
            for target in panel["targets"]:
                yield Asked(name, panel["title"], target["expr"])
