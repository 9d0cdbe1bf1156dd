"""Objectives in a drill: which rules are loaded, what is refused, how a range of samples becomes begins and ends."""

from __future__ import annotations

import pytest

from drill.alerting import NoRules, objectives
from drill.prometheus_reader import changes
from results.plan import Alerting, Plan


def plan(**alerting: object) -> Plan:
    return Plan(drill="x", alerting=Alerting.model_validate(alerting))


def test_the_plans_objectives_come_with_shortened_windows() -> None:
    (reachability, windows), (uploads, _) = objectives(plan())
    assert (reachability.id, uploads.id) == ("vitals-reachability", "vitals-uploads")
    assert (windows.scale, windows.pairs[0].long_s, windows.pairs[0].short_s) == (100, 36, 3)


@pytest.mark.parametrize(
    ("alerting", "said"),
    [
        ({"objectives": ["happiness"]}, "'happiness': unknown; there are reachability, uploads"),
        ({"scale": 7}, "no whole number of seconds"),
        ({"expected": ["Doom"]}, "'Doom': no such alert; there are VitalsReachabilityBudgetBurnsFast"),
    ],
)
def test_what_cannot_be_made_into_rules_is_refused(alerting: dict[str, object], said: str) -> None:
    with pytest.raises(NoRules, match=said):
        objectives(plan(**alerting))


def test_seconds_of_firing_become_begins_and_ends() -> None:
    metric = {"alertname": "Page", "sloth_severity": "page"}
    series = {"metric": metric, "values": [[second, "1"] for second in (100, 101, 102, 110, 111)]}
    found = [(each["state"], each["t_ns"] // 10**9) for each in changes(series, until=112)]
    assert found == [("firing", 100), ("inactive", 103), ("firing", 110)], "the last one still fires"
    assert changes(series, until=120)[-1]["state"] == "inactive"
    assert {(each["alert"], each["severity"]) for each in changes(series, 120)} == {("Page", "page")}
