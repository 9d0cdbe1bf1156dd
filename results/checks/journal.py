"""Did the experiment run as written? Chaos Toolkit's journal is judged, never its exit code.

Its exit code is 0 when the steady state fails before the method, when an action raises, when a rollback fails.
"""

from __future__ import annotations

from typing import Any

from results.evidence import Evidence
from results.finding import Finding, Verdict
from results.marks import Marks

NAME = "journal"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          completed, every activity of the experiment ran and succeeded, the steady state held before
    inconclusive  something did not run, did not succeed, or was interrupted
    fail          a rollback failed

    measured: activities, succeeded, status
    """
    journal = evidence.journal
    experiment = journal.get("experiment", {})
    runs: list[dict[str, Any]] = [*journal.get("run", []), *journal.get("rollbacks", [])]
    before = (journal.get("steady_states") or {}).get("before") or {}
    asked = len(experiment.get("method", [])) + len(experiment.get("rollbacks", []))
    succeeded = sum(each.get("status") == "succeeded" for each in runs)
    status = str(journal.get("status"))
    measured = {"activities": asked, "succeeded": succeeded, "status": status}
    broken = [each for each in journal.get("rollbacks", []) if each.get("status") != "succeeded"]
    if broken:
        name = broken[0]["activity"]["name"]
        return Finding(
            NAME, Verdict.FAIL, f"rollback {name} did not succeed: a human must look at the target", measured
        )
    if not before.get("steady_state_met"):
        return Finding(NAME, Verdict.INCONCLUSIVE, "the steady state did not hold before the fault", measured)
    failed = [each for each in runs if each.get("status") != "succeeded"]
    if failed:
        name, state = failed[0]["activity"]["name"], failed[0].get("status")
        return Finding(NAME, Verdict.INCONCLUSIVE, f"activity {name} {state}: the drill is not what it says", measured)
    if status != "completed" or journal.get("deviated") or not asked or succeeded < asked:
        why = f"{succeeded} of {asked} activities succeeded, status {status}"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured)
    return Finding(NAME, Verdict.PASS, f"all {asked} activities succeeded", measured, {"activities": asked})
