"""Did data stay where they may go? Every address that was contacted, judged by the region its network is declared in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict
from results.marks import Marks
from results.networks import Networks

NAME = "residency"
_NOBODY = "undeclared"


@dataclass(frozen=True)
class _Destination:
    """One address and port that was contacted: by whom (the first one), how often, when first."""

    address: str
    port: int
    who: str
    source: str
    protocol: str
    count: int
    first_ns: int


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every address that was contacted is in a network whose region is allowed
    fail          one is outside the allowed regions, or in no declared network
    inconclusive  the target allows no regions, nobody recorded contacts, or the recorder was blind: it lost packets, or does
                  not show every address that uploads were sent to

    measured: contacts, destinations (addresses), regions (contacts by region), outside, undeclared (addresses)
    """
    residency = evidence.environment.get("target", {}).get("residency")
    if not residency:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the target does not say where data may go")
    allowed = list(residency["allowed"])
    objective: dict[str, Value] = {"allowed": allowed}
    try:
        networks = Networks(residency["networks"])
    except (ValueError, KeyError) as error:
        raise Unusable(f"environment.json: networks of the target: {error}") from error
    destinations = _destinations(evidence)
    owners = {each.address: networks.owner(each.address) for each in destinations}
    regions: Counter[str] = Counter()
    for each in destinations:
        owner = owners[each.address]
        regions[owner.region if owner else _NOBODY] += each.count
    undeclared = {address for address, owner in owners.items() if owner is None}
    outside = {address for address, owner in owners.items() if owner is not None and owner.region not in allowed}
    measured: dict[str, Value] = {
        "contacts": sum(regions.values()),
        "destinations": len(owners),
        "regions": dict(sorted(regions.items())),
        "outside": len(outside),
        "undeclared": len(undeclared),
    }
    wrong = [each for each in destinations if each.address in outside | undeclared]
    if wrong:
        first = wrong[0]
        owner = owners[first.address]
        place = f"{owner.name}, {owner.region}" if owner else "no declared region"
        at = f"first at {(first.first_ns - marks.t0) / 1e9:+.1f} s" if marks.t0 else "without a fault"
        why = (
            f"{len(outside)} address(es) outside {', '.join(allowed)} and {len(undeclared)} of no declared region contacted, "
            f"first {first.address} port {first.port}/{first.protocol} ({place}) by {first.who} ({first.source}), "
            f"{first.count} times, {at}"
        )
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    if blind := _blind(evidence, set(owners)):
        return Finding(NAME, Verdict.INCONCLUSIVE, blind, measured, objective)
    shown = ", ".join(f"{region} {count}" for region, count in sorted(regions.items()))
    why = f"{measured['contacts']} contacts to {len(owners)} addresses, all in allowed regions ({shown})"
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _destinations(evidence: Evidence) -> list[_Destination]:
    """In order of the first contact."""
    rows = evidence.rows(
        "SELECT destination, port, arg_min(who, (t_first, source)), arg_min(source, (t_first, source)), protocol, "
        "CAST(sum(count) AS BIGINT), min(t_first) FROM contacts GROUP BY destination, port, protocol "
        "ORDER BY min(t_first), destination, port"
    )
    return [_Destination(*row) for row in rows]


def _blind(evidence: Evidence, recorded: set[str]) -> str:
    """Why what was recorded cannot be all, or nothing."""
    collected = [event for event in evidence.of_kind("collected") if event.subject == "contacts"]
    if not collected:
        return "nobody recorded contacts"
    last = collected[-1].data
    if last.get("complete") is not True:
        return f"the contacts were not collected: {last.get('why', 'no reason given')}"
    if last.get("lost"):
        return f"{last['lost']} first packets came faster than they could be recorded"
    dialled = {str(row[0]) for row in evidence.rows("SELECT DISTINCT address FROM attempts WHERE address IS NOT NULL")}
    if not dialled:
        return "no upload was sent, so nothing shows that the recorder saw anything"
    if unseen := sorted(dialled - recorded):
        return f"the recorder was blind: uploads went to {', '.join(unseen)}, which it does not show"
    return ""
