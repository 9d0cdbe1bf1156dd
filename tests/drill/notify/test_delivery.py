from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drill.notify.configuration import Notify
from drill.notify.delivery import FILE, notify
from drill.notify.notice import Notice
from lab import pki
from results import run as runs
from tests.drill.notify.conftest import NAME
from tests.drill.notify.receivers import HANG, MailServer, Web


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / NAME
    folder.mkdir()
    return folder


def hook(server: Web, keys: pki.Keys, name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "url": f"https://127.0.0.1:{server.port}/x", "ca_file": str(keys.ca), **more}


def told(run: Path) -> dict[str, dict[str, Any]]:
    events = [json.loads(line) for line in (run / FILE).read_text().splitlines()]
    assert {(event["source"], event["kind"]) for event in events} == {("notify", "notice")}
    return {event["subject"]: event["data"] for event in events}


def test_everybody_is_told_also_one_who_first_refuses(keys: pki.Keys, notice: Notice, run: Path) -> None:
    with Web(keys.tools, 503, 500, 200) as web, MailServer(keys.tools, 451, 250) as server:
        duty = {"name": "duty", "host": "127.0.0.1", "port": server.port, "ca_file": str(keys.ca)}
        mails = [{**duty, "sender": "drills@heart.test", "to": ["duty@heart.test"]}]
        whole = Notify.model_validate({"webhooks": [hook(web, keys, "ci")], "mails": mails, "within_s": 20})
        assert notify(notice, whole, run) == []
    assert told(run) == {
        "ci": {"state": "delivered", "attempts": 3, "why": ""},
        "duty": {"state": "delivered", "attempts": 2, "why": ""},
    }
    assert len(server.got) == 1


def test_one_who_hangs_holds_up_neither_the_others_nor_the_end(keys: pki.Keys, notice: Notice, run: Path) -> None:
    with Web(keys.tools, HANG) as hanging, Web(keys.tools) as well:
        hooks = [hook(hanging, keys, "hanging"), hook(well, keys, "well")]
        began = time.monotonic()
        failed = notify(notice, Notify.model_validate({"webhooks": hooks, "within_s": 2}), run)
        assert time.monotonic() - began < 20, "it would hang for ever; the rest is for a busy machine"
    assert len(failed) == 1
    assert failed[0].startswith("hanging was not told: ")
    assert len(well.asked) == 1
    assert {name: data["state"] for name, data in told(run).items()} == {"hanging": "failed", "well": "delivered"}


def test_who_wants_trouble_only_is_not_told_of_a_pass(keys: pki.Keys, notice: Notice, run: Path) -> None:
    with Web(keys.tools) as web:
        whole = Notify.model_validate({"webhooks": [hook(web, keys, "ci", when="trouble")]})
        assert notify(notice, whole, run) == []
        assert web.asked == []
        notify(replace(notice, state="inconclusive"), whole, run)
        assert len(web.asked) == 1


def test_a_secret_that_went_away_is_one_line(keys: pki.Keys, notice: Notice, run: Path) -> None:
    with Web(keys.tools) as web:
        lost = hook(web, keys, "ci", authorization={"env": "GONE"})
        assert notify(notice, Notify.model_validate({"webhooks": [lost]}), run) == [
            "ci was not told: environment variable GONE: not set"
        ]
    assert web.asked == []


def test_a_patients_value_is_not_sent(keys: pki.Keys, notice: Notice, run: Path) -> None:
    key = f"{runs.tag(run.name)}-1000001"
    with Web(keys.tools) as web:
        whole = Notify.model_validate({"webhooks": [hook(web, keys, "ci")]})
        (line,) = notify(replace(notice, sentence=f"upload {key} was late"), whole, run)
    assert "ci was not told: withheld: a patient's value in it (key " in line
    assert web.asked == []


def test_a_folder_that_cannot_be_written_is_told_and_changes_nothing_else(
    keys: pki.Keys, notice: Notice, run: Path
) -> None:
    with Web(keys.tools) as web:
        whole = Notify.model_validate({"webhooks": [hook(web, keys, "ci")]})
        assert notify(notice, whole, run / "none") == [f"{FILE}: No such file or directory"]
    assert len(web.asked) == 1
