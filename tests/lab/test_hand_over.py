"""The planned way from one site to the other, on the real lab, while patients send."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import requests

from lab import launch
from lab.model import PUBLIC, Options
from lab.runbook.hand_over import HandOver
from targets.lab_control import LabRefused
from tests.lab.running import RunningLab, eventually
from tests.lab.test_takeover import answers, steps

pytestmark = pytest.mark.lab

STEPS = ("check", "clock", "forward", "demote", "promote", "dns", "mirror", "declare")


@pytest.fixture(name="lab")
def _lab(state: Path) -> RunningLab:
    return RunningLab(launch.up(Options(state=state, tools=False), die_with_caller=True))


def test_without_a_mirror_that_follows_nothing_is_changed(lab: RunningLab) -> None:
    with pytest.raises(LabRefused, match="hand-over to fra: gra is mirror"):
        lab.control.call("hand-over", site="fra")
    roles = {site: each["role"] for site, each in lab.control.call("status")["databases"].items()}
    assert roles == {"fra": "primary", "gra": "mirror"}
    assert lab.upload().status_code == 201


def test_the_whole_circle_loses_nothing(lab: RunningLab) -> None:
    lab.control.call("kill", site="fra")
    eventually(lambda: steps(lab).get("declare") == "end")
    lab.control.call("heal", site="fra")
    lab.control.call("servers", site="fra", clock_s=90)  # it was without power

    sent: dict[str, int] = {}
    ended = threading.Event()

    def patients() -> None:
        while not ended.is_set():
            for site in ("gra", "fra"):
                key = f"way-home-{len(sent)}"
                try:
                    sent[key] = lab.upload(key, site=site).status_code
                except requests.RequestException:
                    sent[key] = 0  # nobody serves there at this moment

    sender = threading.Thread(target=patients)
    sender.start()
    try:
        done = lab.control.call("hand-over", site="fra")["steps"]
        sent_by_then = len(sent)
        eventually(lambda: len(sent) > sent_by_then + 20)
    finally:
        ended.set()
        sender.join()

    assert [(each["step"], each["state"]) for each in done] == [
        (name, state) for name in STEPS for state in ("begin", "end")
    ]
    assert {each["procedure"] for each in done} == {"hand-over"}
    clocks = [each["clock_s"] for each in lab.control.call("servers", site="fra")["servers"]]
    assert [clock for clock in clocks if abs(clock) > 2] == [], "set before patients met it"
    databases = lab.control.call("status")["databases"]
    assert (databases["fra"]["role"], databases["fra"]["mirror"], databases["fra"]["sync"]) == (
        "primary",
        "gra",
        "sync",
    )
    assert databases["gra"]["role"] == "mirror"
    assert set(answers(lab, "192.0.2.53", "192.0.2.54").values()) == {PUBLIC["fra"]}
    last = list(sent.values())[-10:]
    assert last == [201] * 10, "whoever still comes to gra is served by fra"
    acknowledged = {key for key, status in sent.items() if status == 201}
    file = lab.folder / "read.ndjson"
    lab.control.call("readback", site="fra", file=str(file))
    stored = file.read_text()
    assert [key for key in acknowledged if f'"{key}"' not in stored] == []

    lab.control.call("heal", site="fra")
    with pytest.raises(requests.RequestException):
        lab.upload(site="gra")  # nobody is sent on any more


def test_the_steps_are_in_their_order(lab: RunningLab) -> None:
    assert tuple(HandOver(None).steps()) == STEPS  # type: ignore[arg-type] # the steps are named, not taken
