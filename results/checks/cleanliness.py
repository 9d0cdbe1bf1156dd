"""Is the target as it was before? Every inverse carried out and seen to work, nothing of the drill left behind."""

from __future__ import annotations

import json

from results.evidence import Evidence, Unusable
from results.finding import Finding, Verdict
from results.marks import Marks

NAME = "cleanliness"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every owed inverse is settled, the fault was seen to be lifted, the fingerprint found nothing left
    fail          an inverse is still owed, or something is left behind
    inconclusive  nobody looked

    measured: owed, settled, lifted, left_behind
    """
    owed, settled = _undo(evidence)
    tidied = evidence.of_kind("tidy")
    lifted = bool(evidence.of_kind("fault.lifted"))
    left = [str(each) for event in tidied for each in event.data.get("left_behind", [])]
    measured = {"owed": len(owed), "settled": len(settled), "lifted": lifted, "left_behind": len(left)}
    if owed - settled:
        why = f"{len(owed - settled)} of {len(owed)} inverses were not carried out: zweitherz undo {evidence.run.name}"
        return Finding(NAME, Verdict.FAIL, why, measured, {"owed": 0})
    if left:
        return Finding(NAME, Verdict.FAIL, f"{len(left)} left behind, first: {left[0]}", measured, {"left_behind": 0})
    if not tidied:
        return Finding(NAME, Verdict.INCONCLUSIVE, "nobody looked whether anything was left behind", measured)
    if owed and not lifted:
        return Finding(NAME, Verdict.INCONCLUSIVE, "nobody saw the fault lifted", measured)
    return Finding(NAME, Verdict.PASS, f"{len(settled)} inverse(s) carried out, nothing left behind", measured)


def _undo(evidence: Evidence) -> tuple[set[int], set[int]]:
    path = evidence.run / "undo.jsonl"
    owed: set[int] = set()
    settled: set[int] = set()
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise Unusable(f"undo.jsonl: damaged ({error})") from error
        if "settled" in entry:
            settled.add(int(entry["settled"]))
        else:
            owed.add(int(entry["owed"]))
    return owed, settled
