"""Is what is stored what was sent? Digests of the stored bodies against those of the bodies as sent."""

from __future__ import annotations

from results.checks.reads import authoritative_read
from results.evidence import Evidence
from results.finding import Finding, Verdict
from results.marks import Marks

NAME = "corruption"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every stored body has the digest of the body that was sent under its key, and names its patient and seq
    fail          at least one has not
    inconclusive  no complete final read, or none of our rows in it

    measured: compared, differing_digest, differing_identity
    """
    authoritative_read(evidence)
    compared, digest, identity = evidence.row(
        "SELECT count(*), count(*) FILTER (r.digest IS DISTINCT FROM o.digest), "
        "count(*) FILTER (r.patient IS DISTINCT FROM o.patient OR r.seq IS DISTINCT FROM o.seq) "
        "FROM readback r JOIN operations o ON r.op = o.op WHERE r.path = 'public'"
    )
    measured = {"compared": compared, "differing_digest": digest, "differing_identity": identity}
    objective = {"differing": 0}
    if digest or identity:
        why = f"{max(digest, identity)} of {compared} stored readings differ from what was sent (limit 0)"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    if not compared:
        return Finding(
            NAME, Verdict.INCONCLUSIVE, "no stored reading of this run could be compared", measured, objective
        )
    return Finding(
        NAME, Verdict.PASS, f"all {compared} stored readings have the digest that was sent", measured, objective
    )
