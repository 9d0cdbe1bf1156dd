"""Is every reading stored once? Counted by (patient, seq) and by idempotency key, within one read (definitions 5.5)."""

from __future__ import annotations

from results.checks.reads import authoritative_read
from results.evidence import Evidence
from results.finding import Finding, Verdict
from results.marks import Marks

NAME = "duplicates"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          no key and no (patient, seq) twice in the final read
    fail          more than the objective allows
    inconclusive  no complete final read, or nothing in it

    measured: rows, duplicated_keys, duplicated_readings (patient and seq), surplus_rows, retried (readings sent again)
    """
    want = evidence.plan.objectives.duplicated
    authoritative_read(evidence)
    rows, keys, surplus = evidence.row(
        "SELECT coalesce(sum(n), 0), count(*) FILTER (n > 1), coalesce(sum(n - 1), 0) FROM "
        "(SELECT count(*) AS n FROM readback WHERE path = 'public' GROUP BY op, \"foreign\")"
    )
    (readings,) = evidence.row(
        "SELECT count(*) FROM (SELECT 1 FROM readback WHERE path = 'public' AND patient IS NOT NULL "
        "GROUP BY patient, seq HAVING count(*) > 1)"
    )
    (retried,) = evidence.row("SELECT count(*) FROM operations WHERE attempts > 1")
    measured = {
        "rows": int(rows),
        "duplicated_keys": keys,
        "duplicated_readings": readings,
        "surplus_rows": int(surplus),
        "retried": retried,
    }
    worst = max(keys, readings)
    if worst > want:
        why = f"{worst} readings are stored more than once (limit {want}), {int(surplus)} rows too many"
        return Finding(NAME, Verdict.FAIL, why, measured, {"duplicated": want})
    if not rows:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the final read is empty", measured, {"duplicated": want})
    why = f"{int(rows)} rows, each reading once, although {retried} were sent again"
    return Finding(NAME, Verdict.PASS, why, measured, {"duplicated": want})
