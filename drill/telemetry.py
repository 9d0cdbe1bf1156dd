"""What the tools cluster and the alert channel received during a drill, for the check that no patient is in it.

Sentry and Matomo come from the tools database that is primary (its mirror holds the same), Prometheus from its API at each site,
alerts from the channel to the people on duty. The lines are left as NDJSON (`results.telemetry`).
"""

from __future__ import annotations

import json
from pathlib import Path

from drill.outside import ask_outside
from results.clock import Clock
from results.telemetry import FOLDER, ndjson
from results.timeline import TimelineWriter
from targets.lab_control import LabControl, LabRefused, LabUnreachable
from targets.model import Target

_WITHIN_S = 60
_STORED = ("sentry", "matomo")


def collect_telemetry(
    run: Path, lab: LabControl | None, target: Target, target_file: Path, timeline: TimelineWriter, clock: Clock
) -> None:
    """Everything that can be had, each with its event on the timeline, also when it failed. Nothing without a tools cluster."""
    if target.tools is None:
        return
    (run / FOLDER).mkdir(exist_ok=True)
    for site in target.sites:
        if lab is not None:
            for sink in _STORED:
                _stored(run, lab, sink, site.name, timeline)
        _series(run, target, target_file, site.name, timeline)
    if lab is not None:
        _alerts(run, lab, timeline, clock)


def _stored(run: Path, lab: LabControl, sink: str, site: str, timeline: TimelineWriter) -> None:
    try:
        answer = lab.call("telemetry", site=site, sink=sink, file=str(ndjson(run, sink, site)))
    except (LabUnreachable, LabRefused) as error:
        timeline.write("collected", f"{sink}@{site}", complete=False, why=str(error))
        return
    if answer["role"] == "primary":
        timeline.write("collected", f"{sink}@{site}", complete=True, items=answer["count"])


def _series(run: Path, target: Target, target_file: Path, site: str, timeline: TimelineWriter) -> None:
    file = ndjson(run, "prometheus", site)
    answer = ask_outside(target, "prometheus_reader", "series", str(target_file), site, str(file), within_s=_WITHIN_S)
    if "error" in answer:
        file.unlink(missing_ok=True)
        timeline.write("collected", f"prometheus@{site}", complete=False, why=answer["error"])
    else:
        timeline.write("collected", f"prometheus@{site}", complete=True, items=answer["rows"])


def _alerts(run: Path, lab: LabControl, timeline: TimelineWriter, clock: Clock) -> None:
    try:
        delivered = lab.call("deliveries")["deliveries"]
    except (LabUnreachable, LabRefused) as error:
        timeline.write("collected", "alerts", complete=False, why=str(error))
        return
    lines = (
        {**each, "id": number, "t": clock.from_monotonic(each["t"]), "text": json.dumps(each, ensure_ascii=False)}
        for number, each in enumerate(delivered, 1)
    )
    ndjson(run, "alerts").write_text("".join(json.dumps(line) + "\n" for line in lines))
    timeline.write("collected", "alerts", complete=True, items=len(delivered))
