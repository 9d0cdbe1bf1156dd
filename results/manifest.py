"""``MANIFEST.sha256`` of a run: what belongs to its evidence, as it was when the drill ended (`results.chain`).

The plan stands first, with the time at which it was put on record; then every other file, ordered by name.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from results import chain
from results.plan_record import plan_record

MANIFEST = "MANIFEST.sha256"
SCHEMA = "zweitherz/manifest/1"
PLAN = "plan.yaml"
# what is made *from* the evidence, and may be made again
DOCUMENTS = ("verdict.json", "junit.xml", "summary.md", "report.", "plots/", "notices.jsonl", "comparison.json")
# what is gone when a drill has ended as it should
TRANSIENT = ("live/", "history/log/")
_DERIVED = (*DOCUMENTS, *TRANSIENT, MANIFEST)


def write_manifest(run: Path) -> None:
    """SHA-256 of every file of evidence, chained."""
    names = sorted((n for n in files(run) if not n.startswith(_DERIVED)), key=lambda name: (name != PLAN, name))
    remarks = [SCHEMA, f"run {run.name}", plan_record(run)]
    draft = run / f"{MANIFEST}.part"
    draft.write_text(chain.render(remarks, {name: digest(run / name) for name in names}), encoding="utf-8")
    draft.rename(run / MANIFEST)


def read_manifest(run: Path) -> chain.Listed:
    """Raises BrokenChain, and FileNotFoundError where there is none."""
    try:
        return chain.parse((run / MANIFEST).read_bytes().decode())
    except UnicodeDecodeError as error:
        raise chain.BrokenChain(f"not text ({error.reason})") from error


def damaged(run: Path) -> list[str]:
    """What differs from the manifest, one line each: missing, changed. No manifest: one line that says so."""
    try:
        listed = read_manifest(run)
    except FileNotFoundError:
        return [f"{MANIFEST}: missing"]
    except chain.BrokenChain as error:
        return [f"{MANIFEST}: {error}"]
    differing = []
    for name, expected in listed.digests.items():
        path = run / name
        if not path.is_file():
            differing.append(f"{name}: missing")
        elif digest(path) != expected:
            differing.append(f"{name}: changed since the run ended")
    return differing


def files(run: Path) -> list[str]:
    """Names of all files in a run's folder, ordered; without drafts."""
    found = (path for path in run.rglob("*") if path.is_file() and not path.name.endswith(".part"))
    return sorted(str(path.relative_to(run)) for path in found)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
