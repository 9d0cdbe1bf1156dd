"""Who thanked for the uploads? Patients' data may be accepted by the target's own sites only, wherever a name points to."""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "authenticity"
_MISDIRECTED = "dns-wrong"
_LEAST = 20


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every acknowledgement came from an address of one of the target's sites, although (where the entry was
                  misdirected) enough attempts went to another one
    fail          somebody else acknowledged
    inconclusive  no acknowledgement; or the entry was misdirected and too few attempts followed it

    measured: acknowledged, elsewhere (acknowledged at addresses of no site), addresses (those), misdirected (attempts that went
              to an address of no site), refused (of these: the client hung up before it sent anything)
    """
    sites = [site["address"] for site in evidence.environment["target"]["sites"]]
    known = ", ".join("?" for _ in sites)
    acknowledged, elsewhere, misdirected, refused = evidence.row(
        f"SELECT count(*) FILTER (outcome = 'ok'), count(*) FILTER (outcome = 'ok' AND NOT ours), count(*) FILTER (NOT ours), "
        f"count(*) FILTER (NOT ours AND t_sent IS NULL) FROM "
        f"(SELECT *, address IN ({known}) AS ours FROM attempts WHERE address IS NOT NULL)",
        *sites,
    )
    foreign = evidence.rows(
        f"SELECT DISTINCT address FROM attempts WHERE outcome = 'ok' AND address NOT IN ({known}) ORDER BY 1", *sites
    )
    measured: dict[str, Value] = {
        "acknowledged": acknowledged,
        "elsewhere": elsewhere,
        "addresses": [str(address) for (address,) in foreign],
        "misdirected": misdirected,
        "refused": refused,
    }
    least = _LEAST if evidence.plan.fault.name == _MISDIRECTED else 0
    objective: dict[str, Value] = {"elsewhere": 0}
    minimum: dict[str, Value] = {"misdirected": least}
    if elsewhere:
        why = f"{elsewhere} uploads were acknowledged by {foreign[0][0]}, an address of no site (limit 0)"
        return Finding(NAME, Verdict.FAIL, why, measured, objective, minimum)
    if not acknowledged:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no upload was acknowledged", measured, objective, minimum)
    if misdirected < least:
        why = f"only {misdirected} attempts followed the misdirected entry (at least {least})"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective, minimum)
    why = f"{acknowledged} acknowledgements, all from the target's sites"
    if misdirected:
        why += f"; of {misdirected} attempts that went elsewhere none was acknowledged, {refused} sent nothing"
    return Finding(NAME, Verdict.PASS, why, measured, objective, minimum)
