"""Which monitors a target allows, and what is said of the others."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitors.place import Place
from monitors.roster import check_ins, left_out, roster
from results.clock import Clock
from targets.model import NoSecret, Target
from tests.lab.running import RunningLab
from tests.monitors.test_looks import HOME, changed, once

PLAIN = {"dns", "http", "certificate", "transaction", "stream"}
SENTRY = {"sentry", "sentry-issues", "sentry-checkins"}
PROMETHEUS = {"prometheus", "prometheus-alerts", "replication", "deployment"}
MATOMO = {"matomo", "matomo-activity"}


NOTHING_TO_COMPARE = {"certificate_ends": None, "releases": None, "clock": None}


def place(lab: RunningLab, **tools: Any) -> Place:
    """The lab's target with changes of its tools; `tools=None`: without any."""
    whole = lab.target.model_dump(by_alias=True)
    if tools.get("prometheus") is NOTHING_TO_COMPARE:
        tools["prometheus"] = whole["tools"]["prometheus"] | NOTHING_TO_COMPARE
    whole["tools"] = whole["tools"] | tools if "tools" not in tools else None
    return Place(Target.model_validate(whole), Clock.anchored_now())


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({}, PLAIN | SENTRY | PROMETHEUS | MATOMO | {"peer"}),
        ({"sentry": None}, PLAIN | PROMETHEUS | MATOMO | {"peer"}),
        ({"matomo": None, "prometheus": None}, PLAIN | SENTRY | {"peer"}),
        ({"prometheus": NOTHING_TO_COMPARE}, (PLAIN | SENTRY | PROMETHEUS | MATOMO | {"peer"}) - {"deployment"}),
        ({"private_pem": None}, PLAIN | SENTRY | PROMETHEUS | MATOMO),
        ({"tools": None}, PLAIN),
    ],
)
def test_each_needs_its_part_of_the_target(lab: RunningLab, changes: dict[str, Any], there: set[str]) -> None:
    at = place(lab, **changes)
    monitors = roster(at, "gra", ExitStack())
    assert {each.name for each in monitors} == there
    assert set(left_out(monitors)) == (PLAIN | SENTRY | PROMETHEUS | MATOMO | {"peer"}) - there


def test_sentry_without_our_projects_is_watched_and_not_read(lab: RunningLab) -> None:
    sentry = lab.target.tools.sentry.model_dump() | {"projects": {"other": 7}}
    at = place(lab, sentry=sentry)
    assert {each.name for each in roster(at, "gra", ExitStack())} & SENTRY == {"sentry"}
    assert check_ins(at, "gra") is None
    assert check_ins(place(lab), "gra") is not None


def test_monitors_from_outside_watch_those_of_every_site(lab: RunningLab) -> None:
    outside, gra = (
        {each.name: each for each in roster(place(lab), site, ExitStack())}["sentry-checkins"]
        for site in ("outside", "gra")
    )
    assert outside._others == ("fra", "gra")
    assert gra._others == ("fra",)


def test_a_secret_that_is_not_there_is_refused(lab: RunningLab) -> None:
    matomo = lab.target.tools.matomo.model_dump() | {"token": {"env": "ZWEITHERZ_NO_SUCH_TOKEN"}}
    with pytest.raises(NoSecret, match="ZWEITHERZ_NO_SUCH_TOKEN: not set"):
        roster(place(lab, matomo=matomo), "gra", ExitStack())


def run(target: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitors", "--target", str(target), "--once"],
        capture_output=True,
        text=True,
        cwd=HOME,
        timeout=60,
        check=False,
    )


def test_who_is_left_out_is_said_once_to_people(lab: RunningLab, tmp_path: Path) -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["tools"] |= {"matomo": None, "private_pem": None}

    done = run(changed(lab, tmp_path, change))
    assert done.returncode == 0, done.stdout
    assert done.stderr.splitlines() == [
        "monitors: matomo is left out: the target lacks tools.matomo",
        "monitors: matomo-activity is left out: the target lacks tools.matomo",
        "monitors: peer is left out: the target lacks tools.private_pem, and monitors of another site",
    ]


@pytest.mark.parametrize(
    ("tool", "token", "said"),
    [
        ("sentry", {"file": "/nowhere/token"}, "monitors: secret file /nowhere/token: No such file or directory"),
        ("prometheus", {"env": "ZWEITHERZ_NO_SUCH"}, "monitors: environment variable ZWEITHERZ_NO_SUCH: not set"),
    ],
)
def test_a_missing_secret_is_bad_input(
    lab: RunningLab, tmp_path: Path, tool: str, token: dict[str, str], said: str
) -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["tools"][tool]["token"] = token

    done = run(changed(lab, tmp_path, change))
    assert (done.returncode, done.stderr.splitlines(), done.stdout) == (64, [said], "")


def test_once_is_inconclusive_when_a_source_is_silent_and_all_else_is_well(lab: RunningLab, tmp_path: Path) -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["tools"]["matomo"]["site"] = 9

    code, found = once(lab, changed(lab, tmp_path, change))
    assert found["matomo"].startswith("ok")
    assert found["matomo-activity"].startswith("BLIND Live.getCounters: An unexpected website")
    assert code == 2


def test_no_token_is_in_what_a_look_writes_down(lab: RunningLab, tmp_path: Path) -> None:
    """Wrong tokens, so that every answer is a refusal that could repeat them."""
    wrong = tmp_path / "wrong"
    wrong.touch(0o600)
    wrong.write_text("thissecretiswrong")

    def change(whole: dict[str, Any]) -> None:
        for tool in ("sentry", "matomo", "prometheus"):
            whole["tools"][tool]["token"] = {"file": str(wrong)}

    target = changed(lab, tmp_path, change)
    assert "thissecretiswrong" not in YAML(typ="safe").load(target.read_text()).__repr__()
    done = run(target)
    assert done.returncode == 1
    assert "thissecretiswrong" not in done.stdout + done.stderr
    assert "FAIL  sentry            status 401" in done.stdout
