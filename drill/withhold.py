"""The last door of a document: one that holds a patient's value is removed before anybody is sent it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from results import run as runs
from results.canaries import find


def withhold(run: Path, documents: Sequence[Path]) -> str:
    """Remove those documents that hold a canary of the run; one line says which and why, empty where all are clean.

    The first document is the report: it is not shown beside another one that was removed.
    """
    found = {}
    for document in documents:
        if document.exists() and (canary := find(document.read_text(encoding="utf-8"), runs.tag(run.name))):
            found[document] = canary
    if not found:
        return ""
    for document in {documents[0], *found}:
        document.unlink(missing_ok=True)
    named = ", ".join(f"{document.name} ({canary.name} {canary.masked})" for document, canary in found.items())
    return f"report withheld: a patient's value in {named}"
