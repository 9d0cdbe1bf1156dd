"""Planted values in each sink turn the check red; a sink that was not really searched keeps it from being green."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from results import run as runs
from results.canaries import display_name
from results.finding import Finding, Verdict
from results.identity import idempotency_key, operation
from tests.results.story import Story, ns

Find = Callable[[Story, str], Finding]
SINKS = {"sentry": "gra", "matomo": "gra", "prometheus": "fra", "alerts": ""}


def test_all_sinks_searched_and_nothing_found_passes(story: Story, finding: Find) -> None:
    found = finding(story, "privacy")
    assert found.verdict is Verdict.PASS, found.why
    assert found.measured["searched"] == {"sentry": 1, "matomo": 1, "prometheus": 2, "alerts": 1, "logs": 2}
    assert found.measured["hits"] == dict.fromkeys(("sentry", "matomo", "prometheus", "alerts", "logs"), 0)


@pytest.mark.parametrize(
    ("sink", "line"),
    [
        ("sentry", {"id": 9, "received": ns(1), "kind": "event", "payload": '{"value":"no chart for @"}'}),
        ("sentry", {"id": 9, "received": ns(1), "kind": "event", "server": "@"}),
        ("matomo", {"id": 9, "received": ns(1), "kind": "event", "query": "e_c=upload&e_n=@"}),
        ("prometheus", {"id": 9, "name": "vitals_uploads_by_patient_total", "labels": '{"patient": "@"}'}),
        ("alerts", {"id": 9, "t": ns(1), "state": "firing", "alert": "Failed", "text": '{"summary": "@"}'}),
    ],
)
@pytest.mark.parametrize("canary", ["name", "percent", "patient", "key"])
def test_a_planted_value_in_a_sink_fails(
    story: Story, finding: Find, folder: Path, sink: str, line: dict[str, Any], canary: str
) -> None:
    tag = runs.tag(folder.name)
    value = {
        "name": display_name(tag, 12),
        "percent": "%4Banari%20" + display_name(tag, 12).split(" ")[1],
        "patient": "p-000012",
        "key": idempotency_key(tag, operation(12, 1)),
    }[canary]
    planted = {key: each.replace("@", value) if isinstance(each, str) else each for key, each in line.items()}
    story.telemetry[sink, SINKS[sink]].append(planted)
    found = finding(story, "privacy")
    assert found.verdict is Verdict.FAIL
    assert found.measured["hits"][sink] == 1  # type: ignore[index,call-overload] # a dict by sink
    assert f"first in {sink}: " in found.why
    assert " 9 holds " in found.why
    assert value not in found.why
    assert canary.replace("percent", "name") in found.why


def test_hits_are_counted_and_the_first_one_is_named(story: Story, finding: Find) -> None:
    for number, at in ((8, 5), (7, 3), (9, 4)):
        story.telemetry["matomo", "gra"].append(
            {"id": number, "received": ns(at), "kind": "page", "url": "app://p-000012"}
        )
    found = finding(story, "privacy")
    assert found.why == "3 items with a patient's values (limit 0), first in matomo: page 7 holds patient p-0000…"


def test_a_planted_value_in_a_log_fails(story: Story, finding: Find) -> None:
    story.logs["monitors-gra.log"] = "started\nlooked at p-2147000001\n"
    found = finding(story, "privacy")
    assert found.verdict is Verdict.FAIL
    assert "first in logs: monitors-gra.log line 2 holds patient p-2147…" in found.why


def test_the_log_of_the_report_is_not_of_the_drill(story: Story, finding: Find) -> None:
    story.logs["report.log"] = "withheld because of p-000012\n"
    assert finding(story, "privacy").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("sink", "site", "instead", "why"),
    [
        ("sentry", "gra", [{"id": 1, "received": 1, "kind": "transaction", "release": "other@1"}], "vitals@"),
        ("matomo", "gra", [], "an action is not among its 0 items"),
        ("prometheus", "", [{"id": 1, "name": "up", "labels": "{}"}], "vitals_uploads_total"),
    ],
)
def test_a_sink_without_its_positive_control_was_not_searched(
    story: Story, finding: Find, sink: str, site: str, instead: list[dict[str, Any]], why: str
) -> None:
    for place in [(sink, site)] if site else [(sink, "fra"), (sink, "gra")]:
        story.telemetry[place] = instead
    found = finding(story, "privacy")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{sink}: not searched" in found.why
    assert why in found.why


def test_a_check_in_shows_that_sentry_was_searched(story: Story, finding: Find) -> None:
    story.telemetry["sentry", "gra"] = [{"id": 1, "received": 1, "kind": "check_in", "name": "http-gra"}]
    assert finding(story, "privacy").verdict is Verdict.PASS


@pytest.mark.parametrize("subject", ["sentry@gra", "matomo@gra", "alerts"])
def test_a_sink_that_nobody_read_is_inconclusive(story: Story, finding: Find, subject: str) -> None:
    story.without("collected", subject)
    found = finding(story, "privacy")
    assert (found.verdict, f"{subject.partition('@')[0]}: not read" in found.why) == (Verdict.INCONCLUSIVE, True)


def test_a_sink_that_could_not_be_read_at_one_site_is_inconclusive(story: Story, finding: Find) -> None:
    story.event("collected", "prometheus@fra", 23, complete=False, why="fra: timed out")
    found = finding(story, "privacy")
    assert (found.verdict, found.why) == (Verdict.INCONCLUSIVE, "prometheus@fra: not read (fra: timed out)")


@pytest.mark.parametrize("text", [None, ""])
def test_a_server_whose_log_is_not_there_or_empty_was_not_searched(
    story: Story, finding: Find, text: str | None
) -> None:
    del story.logs["lab/gra/vitals0.log"]
    if text is not None:
        story.logs["lab/gra/vitals0.log"] = text
    found = finding(story, "privacy")
    assert (found.verdict, "gra/vitals0" in found.why) == (Verdict.INCONCLUSIVE, True)


def test_a_silent_service_is_searched_when_its_log_was_kept(story: Story, finding: Find) -> None:
    story.samples.append((ns(-19), "lab", "gra/runbook", "rss_bytes", 1.0))
    assert finding(story, "privacy").verdict is Verdict.INCONCLUSIVE
    story.logs["lab/gra/runbook.log"] = ""
    assert finding(story, "privacy").verdict is Verdict.PASS


def test_without_services_no_log_was_searched(story: Story, finding: Find) -> None:
    story.samples = [sample for sample in story.samples if sample[3] != "rss_bytes"]
    assert finding(story, "privacy").verdict is Verdict.INCONCLUSIVE


def test_a_target_without_tools_is_searched_by_its_logs_and_says_so(story: Story, finding: Find) -> None:
    story.environment["target"]["tools"] = None
    story.telemetry = {}
    story.without("collected")
    found = finding(story, "privacy")
    assert found.verdict is Verdict.PASS
    assert "only its logs were searched" in found.why
    story.logs["locust.log"] = "p-000012\n"
    assert finding(story, "privacy").verdict is Verdict.FAIL
