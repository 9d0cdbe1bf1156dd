"""``report.<language>.html``: one file, nothing loaded from elsewhere, made from stored evidence and verdict alone."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dashboards import plots
from dashboards.series import make_series
from results.checks import CHECKS
from results.documents import sentence
from results.evidence import Evidence, Unusable
from results.judge import Judgement, judge

_CAPTIONS = {
    "timeline": ("What happened when", "Phases of the drill and marks on one clock."),
    "served": (
        "Uploads per second",
        "Acknowledgements by serving site, and attempts that failed or whose end nobody knows.",
    ),
    "latency": (
        "Latency as patients felt it",
        "From the time at which a reading was due to its acknowledgement; retries included.",
    ),
    "monitors": (
        "What the monitors saw",
        "Each look of each monitor, good or failed, and its alarms. Those of the lost site are cut off with it, and blind.",
    ),
    "still-there": (
        "Still on the lost site",
        "Above: requests by class of client (cached addresses and kept connections included). Below: what resolvers answered.",
    ),
}


def write_report(run: Path, language: str = "en") -> Path:
    """Draw plots and report of a run; returns the report's path. What the evidence does not have is said in its place."""
    judgement = judge(run)
    pictures, missing = _pictures(run, judgement)
    environment = _environment(run)
    jinja = Environment(
        loader=PackageLoader("dashboards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters["shown"] = _shown
    html = jinja.get_template(f"report.{language}.html").render(
        judgement=judgement,
        sentence=sentence(judgement),
        verdict=judgement.verdict.value,
        tiles=_tiles(judgement),
        pictures=pictures,
        missing=missing,
        findings=judgement.findings,
        environment=environment,
        moment=_moment(judgement),
        not_asked=[name for name in CHECKS if name not in {finding.name for finding in judgement.findings}],
        alert_scale=_alert_scale(run),
    )
    path = run / f"report.{language}.html"
    draft = path.with_suffix(".part")
    draft.write_text(html, encoding="utf-8")
    draft.replace(path)
    return path


def _pictures(run: Path, judgement: Judgement) -> tuple[list[dict[str, str]], str]:
    try:
        with Evidence(run) as evidence:
            series = make_series(evidence, judgement.marks)
            fault = evidence.plan.fault
    except Unusable as error:
        return [], str(error)
    (run / "plots").mkdir(exist_ok=True)
    pictures = []
    for name, draw in plots.PLOTS.items():
        png = plots.to_png(draw(series, fault.site, fault.survivor))
        (run / "plots" / f"{name}.png").write_bytes(png)
        title, caption = _CAPTIONS[name]
        pictures.append({"title": title, "caption": caption, "data": base64.b64encode(png).decode()})
    return pictures, ""


def _tiles(judgement: Judgement) -> list[tuple[str, str, str]]:
    """(label, value, explanation) of the figures that are shown first."""
    head = judgement.headline
    return [
        ("Recovery time", _shown(head["rta_s"], "s"), "first missed reading until good service again"),
        (
            "Acknowledged and lost",
            _shown(head["uploads_lost"]),
            f"of {_shown(head['uploads_acknowledged'])} acknowledged uploads",
        ),
        ("On time", _share(head["availability"]), "of the readings, within the deadline"),
        ("Data loss in time", _shown(head["rpo_s"], "s"), "RPO as measured"),
        ("Stored twice", _shown(head["uploads_duplicated"]), "readings"),
        ("Detected after", _shown(head["ttd_s"], "s"), "by the runbook, from the fault"),
        ("Honest DNS moved", _shown(head["dns_t95_s"], "s"), "95 % of the answers, after the change"),
        ("Patients seen", _shown(head["patients_seen"]), f"of {_shown(head['patients'])}"),
        ("Latency p99", _shown(head["latency_p99_ms"], "ms"), "whole drill, outage included"),
    ]


def _share(value: Any) -> str:  # a number or None
    return "unknown" if value is None else f"{value:.2%}"


def _shown(value: Any, unit: str = "") -> str:  # any value of a finding
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    elif isinstance(value, int):
        text = f"{value:,}"
    elif isinstance(value, dict):
        text = ", ".join(f"{key} {_shown(each)}" for key, each in value.items()) or "none"
    else:
        text = str(value)
    return f"{text} {unit}".strip()


def _environment(run: Path) -> dict[str, Any]:  # JSON values
    try:
        whole: dict[str, Any] = json.loads((run / "environment.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return whole


def _alert_scale(run: Path) -> int | None:
    """By how much the windows of the objectives' alerts were shortened; None where no rules were loaded."""
    if not (run / "rules").is_dir():
        return None
    try:
        with Evidence(run) as evidence:
            return evidence.plan.alerting.scale
    except Unusable:  # a plan that cannot be read: the check on the evidence says so
        return None


def _moment(judgement: Judgement) -> str:
    if judgement.marks.t0 is None:
        return ""
    return f"{datetime.datetime.fromtimestamp(judgement.marks.t0 / 1e9, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
