"""The report as PDF: finds the browser that `dashboards` must not know of, and has the page printed."""

from __future__ import annotations

from pathlib import Path

from dashboards.report.pdf import print_page
from lab import servers

_BROWSER = "chromium"


def browser() -> Path:
    """Where Chromium is. Raises lab.servers.MissingServer, whose line says what to run."""
    return servers.program(_BROWSER)


def print_report(page: Path) -> Path:
    """The PDF beside a report's page. Raises lab.servers.MissingServer, and dashboards.report.pdf.NotPrinted."""
    return print_page(page, browser(), servers.environment(_BROWSER))
