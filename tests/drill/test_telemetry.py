"""The collector of what was received, on the shared lab: what was sent to each sink is in the evidence."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from drill.telemetry import collect_telemetry
from results.clock import Clock
from results.telemetry import compact_telemetry
from results.timeline import Event, TimelineWriter, read
from targets.lab_control import LabControl, LabRefused
from targets.model import Target
from tests.lab.running import RunningLab, eventually

ODD = b'{"event_id": "77", "level": "info", "message": "a tab\\t and \\u00e4 \xc3\xa4 \x00\xff"}'


def collect(run: Path, lab: RunningLab, control: LabControl | None, target: Target) -> dict[str, Event]:
    run.mkdir(exist_ok=True)
    clock = Clock.anchored_now()
    with TimelineWriter(run, "drill", clock) as timeline:
        collect_telemetry(run, control, target, lab.up.target, timeline, clock)
    compact_telemetry(run)
    return {event.subject: event for event in read(run / "timeline" / "drill.jsonl")}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, lab: RunningLab) -> Path:
    """A run into which everything was collected after something was sent to each sink."""
    auth = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={lab.access('sentry.key')}"}
    body = b'{}\n{"type":"event","length":%d}\n%s\n' % (len(ODD), ODD)
    assert lab.tools("POST", "/api/1/envelope/", "sentry", headers=auth, data=body).status_code == 200
    action = "/matomo.php?idsite=1&rec=1&e_c=collected&e_a=ok&e_n=sent%20from%20a%20test&send_image=0"
    assert lab.tools("GET", action, "matomo").status_code == 204
    token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
    alert = [{"labels": {"alertname": "Collected", "sloth_severity": "page"}, "annotations": {}}]
    assert lab.tools("POST", "/api/v2/alerts", "alertmanager", headers=token, json=alert).status_code == 200
    eventually(lambda: json.dumps(lab.control.call("deliveries")).count('"alert": "Collected"') == 2)
    for site in ("fra", "gra"):
        eventually(partial(counts_of_all_servers, lab, site))
    run = tmp_path_factory.mktemp("runs") / "run"
    events = collect(run, lab, lab.control, lab.target)
    assert {subject: event.data["complete"] for subject, event in events.items()} == dict.fromkeys(
        ("sentry@gra", "matomo@gra", "prometheus@fra", "prometheus@gra", "alerts"), True
    ), "the tools database is primary at gra; its mirror at fra holds the same"
    counts = {subject: event.data["items"] for subject, event in events.items()}
    assert counts == {
        f"{sink}@{site}" if site else sink: count
        for sink, site, count in rows(run, "SELECT sink, site, count(*) FROM telemetry GROUP BY ALL")
    }
    return run


def counts_of_all_servers(lab: RunningLab, site: str) -> bool:
    token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
    path = "/api/v1/query?query=vitals_uploads_total"
    found = lab.tools("GET", path, "prometheus", site, headers=token).json()["data"]["result"]
    return len(found) == 12  # three outcomes of each of four servers


def rows(run: Path, query: str) -> list[tuple[Any, ...]]:
    files = f"read_parquet('{run}/telemetry/*.parquet')"
    return duckdb.sql(query.replace("telemetry", files)).fetchall()


def test_an_event_is_there_with_what_is_no_text(run: Path) -> None:
    ((site, t, kind, text),) = rows(run, "SELECT site, t, kind, text FROM telemetry WHERE contains(text, 'a tab')")
    assert (site, kind) == ("gra", "event")
    assert abs(t - time.time_ns()) < 600e9
    assert ODD[:40].decode().replace("\\", "\\\\") in text
    assert "\\303\\244" in text, "bytes beyond ASCII are octal"


def test_an_action_is_there_as_it_was_sent(run: Path) -> None:
    ((text,),) = rows(run, "SELECT text FROM telemetry WHERE sink = 'matomo' AND contains(text, 'sent%20from')")
    assert "e_c=collected" in text


def test_series_and_alerts_are_there(run: Path) -> None:
    found = dict(rows(run, "SELECT site, count(*) FROM telemetry WHERE kind = 'vitals_uploads_total' GROUP BY 1"))
    assert found["fra"] == found["gra"] == 12
    assert rows(run, "SELECT kind FROM telemetry WHERE sink = 'alerts' AND contains(text, 'Collected')") == [
        ("firing",),
        ("firing",),
    ], "each channel received it"


def test_where_nothing_answers_each_sink_says_so(tmp_path: Path, lab: RunningLab) -> None:
    moved = [site.model_copy(update={"tools_address": "203.0.113.77"}) for site in lab.target.sites]
    target = lab.target.model_copy(update={"sites": moved})
    broken = lab.up.target.with_name("broken.yaml")
    broken.write_text(lab.up.target.read_text().replace("tools_address: 198.51.100.20", "tools_address: 192.0.2.240"))
    try:
        clock = Clock.anchored_now()
        with TimelineWriter(tmp_path, "drill", clock) as timeline:
            collect_telemetry(tmp_path, LabControl(tmp_path / "none.sock"), target, broken, timeline, clock)
    finally:
        broken.unlink()
    events = {event.subject: event.data for event in read(tmp_path / "timeline" / "drill.jsonl")}
    assert [subject for subject, data in events.items() if data["complete"]] == ["prometheus@gra"]
    assert "no lab answers" in events["matomo@fra"]["why"]
    assert events["prometheus@fra"]["why"].startswith("fra: ")


def test_without_a_tools_cluster_nothing_is_asked(tmp_path: Path, lab: RunningLab) -> None:
    target = lab.target.model_copy(update={"tools": None})
    clock = Clock.anchored_now()
    with TimelineWriter(tmp_path, "drill", clock) as timeline:
        collect_telemetry(tmp_path, lab.control, target, lab.up.target, timeline, clock)
    assert list(read(tmp_path / "timeline" / "drill.jsonl")) == []


def test_what_is_no_sink_is_refused(tmp_path: Path, lab: RunningLab) -> None:
    with pytest.raises(LabRefused, match="sink 'grafana': there are sentry, matomo"):
        lab.control.call("telemetry", site="gra", sink="grafana", file=str(tmp_path / "x"))
    assert lab.control.call("telemetry", site="fra", sink="sentry", file=str(tmp_path / "x")) == {
        "ok": True,
        "role": "mirror",
        "count": None,
    }
    assert not (tmp_path / "x").exists()
