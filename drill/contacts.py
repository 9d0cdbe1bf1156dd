"""Who contacted whom during the drill, from the lab's recorder to the evidence (`results.schema.CONTACTS`)."""

from __future__ import annotations

from pathlib import Path

from results.clock import Clock
from results.networks import Networks
from results.row_log import RowWriter
from results.timeline import TimelineWriter
from targets.lab_control import LabControl, LabRefused, LabUnreachable
from targets.model import Target

TABLE = "contacts"


def collect_contacts(run: Path, lab: LabControl, target: Target, timeline: TimelineWriter, clock: Clock) -> None:
    """Rows of everything contacted until now, and an event that says so, also when it failed."""
    try:
        answer = lab.call("contacts")
    except (LabUnreachable, LabRefused) as error:
        timeline.write("collected", TABLE, complete=False, why=str(error))
        return
    declared = target.residency.networks if target.residency else []
    networks = Networks(each.model_dump(mode="json") for each in declared)
    rows = RowWriter(run, TABLE, "lab")
    for protocol, source, destination, port, first_ns, last_ns, count in answer["contacts"]:
        owner = networks.owner(source)
        first, last = clock.from_monotonic(first_ns), clock.from_monotonic(last_ns)
        rows.append(first, last, owner.name if owner else source, source, destination, port, protocol, count)
    rows.close()
    timeline.write("collected", TABLE, complete=True, items=len(answer["contacts"]), lost=answer["lost"])
