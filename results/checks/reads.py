"""The final reads of a run: what was read, by which path, and whether it was complete (definitions 5.4)."""

from __future__ import annotations

from dataclasses import dataclass

from results.evidence import Evidence, Unusable

AUTHORITATIVE = "public"


@dataclass(frozen=True)
class Read:
    """One read. `path`: public, site, store, or volume (the lost site's store as it died)."""

    site: str
    path: str
    rows: int
    complete: bool
    t_invoked: int


def reads(evidence: Evidence) -> list[Read]:
    """All reads on the timeline. Raises Unusable with the timeline."""
    return [
        Read(
            event.subject,
            str(event.data["path"]),
            int(event.data.get("rows") or 0),
            event.data.get("complete") is True,
            int(event.data.get("t_invoked") or event.t_ns),
        )
        for event in evidence.of_kind("readback")
    ]


def authoritative_read(evidence: Evidence) -> Read:
    """The complete read through the public name. Raises Unusable: without it nothing is proved.

    It must have been invoked after the last acknowledgement: a read concurrent with a write proves nothing about it.
    """
    found = [read for read in reads(evidence) if read.path == AUTHORITATIVE]
    if not found:
        raise Unusable("no final read through the public name")
    last = found[-1]
    if not last.complete:
        raise Unusable(f"the final read through the public name is not complete ({last.rows} rows)")
    (rows,) = evidence.row("SELECT count(*) FROM readback WHERE path = ?", AUTHORITATIVE)
    if rows != last.rows:
        raise Unusable(f"the final read is cut off: {rows} rows stored, {last.rows} were proved")
    (acknowledged,) = evidence.row("SELECT max(t_ack) FROM operations")
    if acknowledged is not None and acknowledged > last.t_invoked:
        raise Unusable("the final read was invoked before the last acknowledgement")
    return last
