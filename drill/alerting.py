"""Objectives of operation in a drill: their rules go to the target's Prometheus, shortened; what came of them is collected.

Evidence: ``rules/objectives.yml`` as loaded, ``rules/alerts.json`` (each alert with its windows, so that the time in which
it must fire can be computed again); on the timeline ``rule`` (what each Prometheus evaluated), ``delivery`` (what people got).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from drill.outside import ask_outside
from monitors.slo.openslo import BadObjective, Slo, read_slo
from monitors.slo.rules import alert_name, heartbeat, rules
from results.burn import Windows, windows
from results.clock import Clock
from results.plan import Plan
from results.timeline import TimelineWriter
from targets.lab_control import LabControl
from targets.model import Target

HOME = Path(__file__).resolve().parent.parent
_OBJECTIVES = HOME / "monitors" / "objectives"
_MONITOR = re.compile(r'monitor="([^"]+)"')
_PAGE = "page"
_READ_WITHIN_S = 30


class NoRules(ValueError):
    """The plan's objectives cannot be made into rules: one line."""


def objectives(plan: Plan) -> list[tuple[Slo, Windows]]:
    """The plan's objectives, with windows as short as it wants them. Raises NoRules."""
    made = []
    for name in plan.alerting.objectives:
        path = _OBJECTIVES / f"{name}.yaml"
        if not path.is_file():
            there = ", ".join(sorted(each.stem for each in _OBJECTIVES.glob("*.yaml")))
            raise NoRules(f"alerting.objectives {name!r}: unknown; there are {there}")
        try:
            slo = read_slo(path)
            made.append((slo, windows(slo.period_s, plan.alerting.scale)))
        except (BadObjective, ValueError) as error:
            raise NoRules(f"alerting: {error}") from error
    known = {alert_name(slo, severity) for slo, _ in made for severity in ("page", "ticket")}
    for name in (*plan.alerting.expected, *plan.alerting.may_fire):
        if name not in known:
            raise NoRules(f"alerting {name!r}: no such alert; there are {', '.join(sorted(known))}")
    return made


def load_rules(run: Path, plan: Plan, lab: LabControl) -> list[str]:
    """Have the lab's Prometheus evaluate them; answers the sites whose Prometheus does."""
    folder = run / "rules"
    folder.mkdir()
    made = objectives(plan)
    groups = [group for slo, chosen in made for group in rules(slo, chosen)["groups"]]
    file = folder / "objectives.yml"
    with file.open("w", encoding="utf-8") as out:
        YAML().dump({"groups": [*groups, heartbeat()]}, out)
    (folder / "alerts.json").write_text(json.dumps([_described(slo, chosen) for slo, chosen in made], indent=1))
    return [str(site) for site in lab.call("rules", name="objectives", file=str(file))["reloaded"]]


def _described(slo: Slo, chosen: Windows) -> dict[str, Any]:  # JSON values
    """`monitor`: whose looks the objective counts, where it counts a monitor's."""
    counted = _MONITOR.search(slo.total)
    return {
        "objective": slo.id,
        "alert": alert_name(slo, _PAGE),
        "budget": round(slo.budget, 12),
        "period_s": chosen.period_s,
        "scale": chosen.scale,
        "pairs": [asdict(pair) for pair in chosen.pairs if pair.severity == _PAGE],
        "monitor": counted[1] if counted else None,
    }


def collect_alerts(target: Target, target_file: Path, lab: LabControl, timeline: TimelineWriter, clock: Clock) -> None:
    """After the load: what every Prometheus evaluated, and what every channel received. Nothing without a tools cluster."""
    if target.tools is None:
        return
    for site in (site.name for site in target.sites):
        asked = ("alerts", str(target_file), site, str(clock.wall_ns))
        answer = ask_outside(target, "prometheus_reader", *asked, within_s=_READ_WITHIN_S)
        timeline.write("prometheus", site, evaluated="error" not in answer, why=answer.get("error", ""))
        for change in answer.get("changes", []):
            about = {"state": change["state"], "severity": change["severity"]}
            timeline.write("rule", change["alert"], t_ns=change["t_ns"], site=site, **about)
    for line in lab.call("deliveries")["deliveries"]:
        timeline.write(
            "delivery",
            line["alert"],
            t_ns=clock.from_monotonic(line["t"]),
            channel=line["channel"],
            state=line["state"],
            starts_ns=int(datetime.fromisoformat(line["starts"]).timestamp() * 1e9),
            severity=line["labels"].get("sloth_severity", line["labels"].get("severity", "")),
        )
