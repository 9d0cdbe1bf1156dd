"""Prints a report's page to PDF with a headless Chromium that somebody names: tagged, with outline and page numbers."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

_WITHIN_S = 90


class NotPrinted(RuntimeError):
    """The browser made no PDF: one line."""


def print_page(page: Path, browser: Path, environment: Mapping[str, str]) -> Path:
    """``report.<language>.pdf`` beside `page`; returns its path. `environment`: what the browser needs on top of ours.

    The page loads nothing and runs no script, so a browser without a sandbox (Chromium has none for root) risks nothing by it.
    Raises NotPrinted.
    """
    target = page.with_suffix(".pdf")
    draft = target.with_name(target.name + ".part")
    draft.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="zweitherz-print-") as profile:
        command = [
            *(str(browser), "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={profile}", "--generate-pdf-document-outline", "--no-pdf-header-footer"),
            *(f"--print-to-pdf={draft.resolve()}", page.resolve().as_uri()),
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_WITHIN_S,
                check=False,
                env={**os.environ, "HOME": profile, **environment},
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise NotPrinted(f"{browser.name}: {error}") from error
    if done.returncode or not draft.exists() or draft.read_bytes()[:5] != b"%PDF-":
        draft.unlink(missing_ok=True)
        said = " ".join(done.stderr.split())[-200:]
        raise NotPrinted(f"{browser.name}: no PDF came (exit {done.returncode}): {said}")
    draft.replace(target)
    return target
