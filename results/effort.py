"""What a run took, for those who pay for it: wall time, processor time, and what it left on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from results.evidence import Evidence, Unusable
from results.manifest import DOCUMENTS, TRANSIENT, files

_TELLS = "summary.md"
_GROWN = """
SELECT sum(CASE WHEN grown < 0 THEN value ELSE grown END) FROM (
  SELECT value, value - lag(value) OVER (PARTITION BY source, subject ORDER BY t) AS grown
  FROM samples WHERE metric = 'cpu_s') WHERE grown IS NOT NULL
"""


@dataclass(frozen=True)
class Effort:
    """
    wall_s          from the first event of the timeline to the last; None: there is no timeline
    core_s          processor time of all that was sampled (services of the target, load generator); None: nothing was
    evidence_bytes  all files of evidence together
    documents       size in bytes of each document that was made from it, a folder's files together; without the summary,
                    which tells of them and does not know its own
    """

    wall_s: float | None
    core_s: float | None
    evidence_bytes: int
    documents: dict[str, int]


def effort(run: Path) -> Effort:
    """Of a run that has ended. Raises nothing because of the evidence: what it cannot say is None."""
    evidence_bytes, documents = 0, dict[str, int]()
    for name in files(run):
        size = (run / name).stat().st_size
        if name == _TELLS:
            continue
        if name.startswith(DOCUMENTS):
            folder, slash, _ = name.partition("/")
            documents[folder + slash] = documents.get(folder + slash, 0) + size
        elif not name.startswith(TRANSIENT):
            evidence_bytes += size
    with Evidence(run) as evidence:
        return Effort(_wall_s(evidence), _core_s(evidence), evidence_bytes, documents)


def _wall_s(evidence: Evidence) -> float | None:
    try:
        times = [event.t_ns for event in evidence.events]
    except Unusable:
        return None
    return (max(times) - min(times)) / 1e9 if times else None


def _core_s(evidence: Evidence) -> float | None:
    """A counter that fell began anew with its process: its value is what was added."""
    try:
        (seconds,) = evidence.row(_GROWN)
    except Unusable:
        return None
    return None if seconds is None else float(seconds)
