"""Writes the report of a run beside its evidence: ``report.json`` and ``report.<language>.html``, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

from dashboards.report.data import make_data
from dashboards.report.html import render
from dashboards.report.model import FILE
from dashboards.report.shown import language
from results.comparison.prices import Prices


def write_report(run: Path, lang: str = "en", prices: Prices | None = None) -> Path:
    """Returns the page's path. What the evidence does not have is said in its place. Raises UnknownLanguage, and OSError."""
    spoken = language(lang)
    data = make_data(run, prices)
    _write(run / FILE, data.to_bytes())
    page = run / f"report.{lang}.html"
    _write(page, render(data, spoken).encode())
    return page


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
