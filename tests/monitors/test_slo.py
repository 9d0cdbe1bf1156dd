"""Objectives as code: what is read, what is refused, and rules that Prometheus' own promtool has run."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitors.slo.openslo import BadObjective, Slo, read_slo
from monitors.slo.rules import rules
from results.burn import duration, fires_after_s, windows
from tests.promtool import promtool

HOME = Path(__file__).resolve().parent.parent.parent
UPLOADS = HOME / "monitors" / "objectives" / "uploads.yaml"
DAY = 86_400


@pytest.fixture
def slo() -> Slo:
    return read_slo(UPLOADS)


def test_the_objective_of_uploads(slo: Slo) -> None:
    assert (slo.id, slo.target, slo.period_s) == ("vitals-uploads", 0.999, 30 * DAY)
    assert slo.budget == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (("kind",), "Service", "kind: Input should be 'SLO' (found 'Service')"),
        (("spec", "budgetingMethod"), "Timeslices", "spec.budgetingMethod: Input should be 'Occurrences'"),
        (
            ("spec", "objectives", 0, "target"),
            99.9,
            "spec.objectives.0.target: Input should be less than 1 (found 99.9)",
        ),
        (("spec", "timeWindow", 0, "duration"), "1M", "spec.timeWindow.0.duration: String should match"),
        (("spec", "alertPolicies"), [], "spec.alertPolicies: Extra inputs are not permitted"),
        (("spec", "indicator", "spec", "ratioMetric", "counter"), False, "ratioMetric.counter: Input should be True"),
    ],
)
def test_what_is_not_of_the_subset_is_refused_by_name(
    tmp_path: Path, key: tuple[Any, ...], value: Any, said: str
) -> None:
    whole = YAML(typ="safe").load(UPLOADS.read_text())
    part = whole
    for step in key[:-1]:
        part = part[step]
    part[key[-1]] = value
    path = tmp_path / "slo.yaml"
    with path.open("w") as out:
        YAML().dump(whole, out)
    with pytest.raises(BadObjective) as refused:
        read_slo(path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_alarm_times_are_those_of_the_definitions() -> None:
    """Definitions 6.7 names them: 99.9 % and everything fails, 99.5 %, 30 % fail, a brown-out that never fires."""
    first, second, *_ = windows(30 * DAY).pairs
    assert (first.factor(30 * DAY), second.factor(30 * DAY)) == (pytest.approx(14.4), pytest.approx(6))
    assert fires_after_s(first, 30 * DAY, 0.001, 1) == pytest.approx(51.84)
    assert fires_after_s(first, 30 * DAY, 0.005, 1) == pytest.approx(259.2)
    assert fires_after_s(first, 30 * DAY, 0.001, 0.3) == pytest.approx(172.8)
    assert fires_after_s(first, 30 * DAY, 0.001, 0.0144) is None


def test_a_scale_shortens_times_and_keeps_factors() -> None:
    plain, short = windows(30 * DAY), windows(30 * DAY, 60)
    for one, other in zip(plain.pairs, short.pairs, strict=True):
        assert other.factor(short.period_s) == pytest.approx(one.factor(plain.period_s))
        assert (other.long_s, other.short_s) == (one.long_s / 60, one.short_s / 60)
    with pytest.raises(ValueError, match="no whole number of seconds"):
        windows(30 * DAY, 7)


@pytest.mark.parametrize(
    ("seconds", "text"), [(300, "5m"), (3600, "1h"), (90, "90s"), (259_200, "3d"), (43_200, "12h")]
)
def test_durations_are_written_as_prometheus_does(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def written(folder: Path, slo: Slo, scale: int = 1) -> Path:
    path = folder / "rules.yaml"
    with path.open("w") as out:
        YAML().dump(rules(slo, windows(slo.period_s, scale)), out)
    return path


@pytest.mark.parametrize("scale", [1, 60])
def test_promtool_takes_the_rules(tmp_path: Path, slo: Slo, scale: int) -> None:
    written(tmp_path, slo, scale)
    assert "29 rules found" in promtool(tmp_path, "check", "rules", "rules.yaml")


def test_the_page_fires_within_its_computed_time_and_clears(tmp_path: Path, slo: Slo) -> None:
    """Windows 60 times shorter, as in a drill: all is well for ten minutes (the longest window that pages has six), then
    nothing works for a minute.
    """
    scale, step, calm, outage = 60, 1, 600, 60
    chosen = windows(slo.period_s, scale)
    computed = min(
        after
        for pair in chosen.pairs
        if pair.severity == "page" and (after := fires_after_s(pair, chosen.period_s, slo.budget, 1)) is not None
    )
    fires = calm + math.ceil(computed) + 2 * step  # one scrape and one evaluation on top
    back = calm + outage
    # the short windows of the rules that page are 5 and 30 s long: after that the condition cannot hold
    clear = back + 30 + 3 * step
    label = {"sloth_severity": "page", "sloth_id": slo.id, "sloth_service": slo.service, "sloth_slo": slo.name}
    alert = {
        "exp_labels": label,
        "exp_annotations": {
            "summary": "vitals uploads: the error budget burns too fast",
            "description": slo.description,
        },
    }
    name = "VitalsUploadsBudgetBurnsFast"
    test = {
        "rule_files": [str(written(tmp_path, slo, scale))],
        "evaluation_interval": f"{step}s",
        "tests": [
            {
                "interval": f"{step}s",
                "input_series": [
                    {
                        "series": 'vitals_uploads_total{outcome="acknowledged"}',
                        "values": f"0+400x{calm} {400 * calm}+0x{outage - 1} {400 * calm}+400x120",
                    },
                    {
                        "series": 'vitals_uploads_total{outcome="failed"}',
                        "values": f"0+0x{calm} 400+400x{outage - 1} {400 * outage}+0x120",
                    },
                ],
                "alert_rule_test": [
                    {"eval_time": f"{calm}s", "alertname": name, "exp_alerts": []},
                    {"eval_time": f"{fires}s", "alertname": name, "exp_alerts": [alert]},
                    {"eval_time": f"{back - 1}s", "alertname": name, "exp_alerts": [alert]},
                    {"eval_time": f"{clear}s", "alertname": name, "exp_alerts": []},
                ],
            }
        ],
    }
    with (tmp_path / "test.yaml").open("w") as out:
        YAML().dump(test, out)
    promtool(tmp_path, "test", "rules", "test.yaml")  # one that complains fails


def test_the_command_prints_rules_and_refuses_in_one_line(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "monitors.slo", *arguments],
            cwd=HOME,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    printed = run(str(UPLOADS), "--scale", "60")
    assert printed.stdout.startswith("# windows and period shortened by 60")
    assert len(YAML(typ="safe").load(printed.stdout)["groups"]) == 4  # the heartbeat is the fourth
    assert "burn rate 14.4" in run(str(UPLOADS), "--explain").stdout
    refused = run("none.yaml")
    assert (refused.returncode, refused.stderr) == (64, "slo: none.yaml: No such file or directory\n")
