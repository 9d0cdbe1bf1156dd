"""Monitors as Prometheus sees them."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import requests
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from lab import pki
from monitors.look import Look
from monitors.metrics import Metrics

HOME = Path(__file__).resolve().parent.parent.parent


def values(metrics: Metrics) -> dict[tuple[str, str], float]:
    text = generate_latest(metrics.registry).decode()
    return {
        (sample.name, sample.labels.get("outcome") or sample.labels.get("figure") or ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_looks_alarms_and_figures_are_exported() -> None:
    metrics = Metrics("gra")
    metrics.looked("http", Look(ok=True, figures={"latency_ms": 12.5}))
    metrics.looked("http", Look(ok=False, why="status 503"))
    metrics.alert("http", "raised")
    found = values(metrics)
    assert found["monitor_up", ""] == 0
    assert found["monitor_alarm", ""] == 1
    assert (found["monitor_looks_total", "ok"], found["monitor_looks_total", "failed"]) == (1, 1)
    assert found["monitor_figure", "latency_ms"] == 12.5
    metrics.alert("http", "cleared")
    assert values(metrics)["monitor_alarm", ""] == 0


def test_every_outcome_is_counted_from_zero_on_so_that_the_first_failure_is_a_rise() -> None:
    metrics = Metrics("gra")
    metrics.looked("http", Look(ok=True))
    found = values(metrics)
    assert [found["monitor_looks_total", outcome] for outcome in ("ok", "failed", "blind")] == [1, 0, 0]


def test_a_failure_without_a_way_out_counts_as_blind() -> None:
    metrics = Metrics("gra")
    metrics.looked("transaction", Look(ok=False, why="timed out"), proven=False)
    found = values(metrics)
    assert [found["monitor_looks_total", outcome] for outcome in ("ok", "failed", "blind")] == [0, 0, 1]


def test_a_blind_look_is_counted_and_leaves_what_was_seen_last() -> None:
    metrics = Metrics("gra")
    metrics.looked("replication", Look(ok=True))
    metrics.looked("replication", Look(ok=False, blind=True, why="connect: timed out"))
    found = values(metrics)
    assert (found["monitor_up", ""], found["monitor_blind", ""], found["monitor_looks_total", "blind"]) == (1, 1, 1)
    metrics.looked("replication", Look(ok=False, why="no mirror replicates"))
    found = values(metrics)
    assert (found["monitor_up", ""], found["monitor_blind", ""]) == (0, 0)


def test_an_alarm_that_never_came_is_no_gap() -> None:
    metrics = Metrics("gra")
    metrics.looked("http", Look(ok=True))
    assert values(metrics)["monitor_alarm", ""] == 0
    metrics.alert("http", "raised")
    metrics.looked("http", Look(ok=False, why="status 503"))
    assert values(metrics)["monitor_alarm", ""] == 1, "a look does not clear it"


def test_the_last_good_look_is_not_touched_by_others() -> None:
    metrics = Metrics("gra")
    metrics.looked("http", Look(ok=False, why="status 503"))
    assert ("monitor_last_good_seconds", "") not in values(metrics), "none yet"
    metrics.looked("http", Look(ok=True))
    good = values(metrics)["monitor_last_good_seconds", ""]
    metrics.looked("http", Look(ok=False, blind=True))
    assert values(metrics)["monitor_last_good_seconds", ""] == good > 0


def test_a_server_leads_to_one_site_and_to_those_before_no_more() -> None:
    metrics = Metrics("gra")

    def led() -> dict[str, float]:
        text = generate_latest(metrics.registry).decode()
        families = text_string_to_metric_families(text)
        samples = (sample for family in families for sample in family.samples if sample.name == "monitor_answer")
        return {sample.labels["answer"]: sample.value for sample in samples if sample.labels["server"] == "ns1"}

    metrics.looked("dns", Look(ok=True, answers={"ns1": "fra", "ns2": "fra"}))
    assert led() == {"fra": 1}
    metrics.looked("dns", Look(ok=False, why="no answer", answers={"ns1": "(no answer)", "ns2": "fra"}))
    metrics.looked("dns", Look(ok=True, answers={"ns1": "gra", "ns2": "gra"}))
    assert led() == {"fra": 0, "(no answer)": 0, "gra": 1}


def test_the_heartbeat_changes_with_every_look_and_with_nothing_else() -> None:
    metrics = Metrics("gra")
    beats = [metrics.heartbeat]
    for _ in range(3):
        metrics.looked("http", Look(ok=False, blind=True))
        beats.append(metrics.heartbeat)
    metrics.checked_in("sent")
    metrics.alert("http", "raised")
    assert len(set(beats)) == 4
    found = values(metrics)
    assert (found["monitor_heartbeat_seconds", ""], found["monitor_check_ins_total", "sent"]) == (beats[-1], 1)


def test_a_caller_that_never_shakes_hands_keeps_nobody_out(tmp_path: Path) -> None:
    keys = pki.make_keys(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    Metrics("gra").show("127.0.0.1", port, keys.tools, keys.ca)
    with socket.create_connection(("127.0.0.1", port)):
        pem = str(keys.tools)
        answer = requests.get(f"https://127.0.0.1:{port}/metrics", cert=(pem, pem), verify=str(keys.ca), timeout=5)
        assert answer.status_code == 200


def test_a_port_that_is_taken_is_refused_in_one_line(tmp_path: Path) -> None:
    example = tmp_path / "target.yaml"
    example.write_text(TARGET.format(ca=pki.keys(tmp_path).ca, key=pki.keys(tmp_path).token_key))
    pki.make_keys(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "monitors", "--target", str(example), "--metrics-port", port],
            capture_output=True,
            text=True,
            cwd=HOME,
            timeout=60,
            check=False,
        )
    assert done.returncode == 64, done.stderr
    assert done.stderr == f"monitors: port {port} of 127.0.0.1: Address already in use\n"


TARGET = """
schema: zweitherz/target/1
name: example
environment: staging
sites: [{{name: fra, region: DE, address: 198.51.100.10}}]
service: {{host: vitals.heart.test, ca_file: {ca}, active: fra}}
zone: {{name: heart.test, record: vitals.heart.test, ttl_s: 5, authoritative: []}}
resolvers: [{{name: honest, address: 127.0.0.1, kind: honest}}]
distances: [{{name: near}}]
secrets: {{token_key_file: {key}}}
"""
