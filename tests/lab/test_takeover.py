"""Losing a site on a real lab: what dies, what takes over, what comes back."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from lab import launch
from lab.model import Options
from targets.lab_control import LabRefused
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab

_ASK = """
import json, dns.resolver
answers = {}
for server in %r:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [server]
    answers[server] = resolver.resolve("vitals.heart.test")[0].address
print(json.dumps(answers))
"""


def answers(lab: RunningLab, *servers: str) -> Any:
    return json.loads(lab.inside("witness", ".venv/bin/python", "-c", _ASK % (list(servers),)))


def steps(lab: RunningLab) -> dict[str, str]:
    return {line["step"]: line["state"] for line in lab.control.call("journal")["steps"]}


def upload_patiently(lab: RunningLab, key: str) -> int:
    """As a phone does it: the same reading again, until somebody has taken it."""

    def taken() -> int | None:
        try:
            status = lab.upload(key, timeout_s=20).status_code
        except requests.RequestException:
            return None
        return None if status == 503 else status

    return int(eventually(taken, within_s=60))


def test_a_lost_site_is_taken_over_by_itself_and_comes_back_as_the_mirror(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state), die_with_caller=True))
    ns1, ns2, honest, clamped = "192.0.2.53", "192.0.2.54", "192.0.2.101", "192.0.2.102"
    assert set(answers(lab, ns1, ns2, honest, clamped).values()) == {"198.51.100.10"}
    before = [lab.upload().headers["Upload-Ack"] for _ in range(20)]

    lab.control.call("kill", site="fra")
    with pytest.raises(requests.RequestException):
        lab.upload()
    eventually(lambda: steps(lab).get("declare") == "end")
    assert steps(lab) == dict.fromkeys(("detect", "fence", "promote", "dns", "declare"), "end")

    assert set(answers(lab, ns1, ns2).values()) == {"203.0.113.10"}
    assert answers(lab, clamped) == {clamped: "198.51.100.10"}, "this resolver keeps an answer for at least 60 s"
    eventually(lambda: answers(lab, honest)[honest] == "203.0.113.10")
    after = lab.upload(site="gra")
    assert (after.status_code, after.headers["Serving-Site"]) == (201, "gra")

    dead, alive = (state / f"{site}.ndjson" for site in ("fra", "gra"))
    assert lab.control.call("readback", site="fra", file=str(dead))["volume_of_dead_site"]
    lab.control.call("readback", site="gra", file=str(alive))
    stored = {json.loads(line)["id"] for line in alive.read_text().splitlines()}
    assert stored == {*before, after.headers["Upload-Ack"]}
    assert {json.loads(line)["id"] for line in dead.read_text().splitlines()} == set(before)

    seen_dead = time.monotonic_ns()
    lab.control.call("heal", site="fra")
    with pytest.raises(LabRefused, match="fence fra: it has come back since it was seen dead"):
        lab.control.call("fence", site="fra", by="gra", dead_since_ns=seen_dead)
    databases = lab.control.call("status")["databases"]
    assert databases["fra"]["role"] == "mirror"
    assert (databases["gra"]["role"], databases["gra"]["mirror"], databases["gra"]["sync"]) == (
        "primary",
        "fra",
        "sync",
    )
    assert lab.upload(site="gra").status_code == 201


def test_a_cut_private_link_alone_makes_no_second_primary(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state, replication="async"), die_with_caller=True))
    lab.control.call("link", state="down")
    # five cycles of the runbook, while uploads go on: an event in each shows that time has passed
    for _ in range(25):
        assert lab.upload().status_code == 201
        eventually(lambda: lab.control.call("status")["databases"]["gra"]["role"] == "mirror")
    assert lab.control.call("journal")["steps"] == []
    lab.control.call("link", state="up")
    eventually(lambda: lab.control.call("status")["databases"]["fra"]["mirror"] == "gra")


def test_commits_that_wait_for_a_mirror_behind_a_cut_link_go_on_without_it_and_it_comes_back(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state), die_with_caller=True))
    lab.control.call("link", state="down")
    # more than its database connections, so that the site says it is not ready: no reason to take over from a site that lives
    with ThreadPoolExecutor(24) as patients:
        answered = list(patients.map(lambda number: upload_patiently(lab, f"waits-{number}"), range(24)))
    assert answered == [201] * 24, "they wait until the runbook goes on without the mirror"
    eventually(lambda: steps(lab).get("release") == "end")
    status = lab.control.call("status")
    assert {site: each["role"] for site, each in status["databases"].items()} == {"fra": "primary", "gra": "down"}
    assert status["sites"]["gra"] == {"alive": True, "fenced": False, "linked": True}, "only the volume was taken"
    with pytest.raises(LabRefused, match="gra is cut off itself"):
        lab.control.call("fence", site="fra", by="gra")
    if "tools" in status:
        assert status["tools"]["gra"]["role"] == "primary"

    passes = time.monotonic()
    lab.control.call("link", state="up")
    lab.control.call("heal", site="gra")
    fra = lab.control.call("status")["databases"]["fra"]
    assert (fra["mirror"], fra["sync"]) == ("gra", "sync")
    # the sender to the lost server may not have noticed that it is alone: it must not pass for the one that came back
    assert fra["follows_for_s"] < time.monotonic() - passes
    # patiently: while all connections waited the balancer took the servers out, and takes them in again at its next look
    assert upload_patiently(lab, "afterwards") == 201
    assert set(steps(lab)) == {"release"}


def test_a_site_without_any_network_cannot_have_the_other_one_fenced(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state, tools=False), die_with_caller=True))
    lab.control.call("kill", site="fra", order=["private-link", "public-link"])
    with pytest.raises(LabRefused, match="fence gra: fra is cut off itself"):
        lab.control.call("fence", site="gra", by="fra")
    eventually(lambda: steps(lab).get("declare") == "end")
    assert lab.upload(site="gra").status_code == 201
    lab.control.call("heal", site="fra")
    databases = lab.control.call("status")["databases"]
    assert (databases["fra"]["role"], databases["gra"]["mirror"]) == ("mirror", "fra")


def test_on_order_the_runbook_performs_step_by_step(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state, takeover="perform"), die_with_caller=True))
    lab.control.call("kill", site="fra")
    for step in ("detect", "fence", "promote", "dns", "declare"):
        done = lab.control.call("takeover", site="gra", step=step)["steps"]
        assert [(line["step"], line["state"]) for line in done] == [(step, "begin"), (step, "end")]
        assert done[0]["t"] < done[1]["t"]
    assert set(answers(lab, "192.0.2.53", "192.0.2.54").values()) == {"203.0.113.10"}


def test_a_site_that_nobody_took_over_comes_back_as_what_it_was(state: Path) -> None:
    lab = RunningLab(launch.up(Options(state=state, defect="no-promotion"), die_with_caller=True))
    ack = lab.upload().headers["Upload-Ack"]
    lab.control.call("kill", site="fra")
    eventually(lambda: steps(lab).get("declare") == "end")
    lab.control.call("heal", site="fra")
    roles = {site: database["role"] for site, database in lab.control.call("status")["databases"].items()}
    assert roles == {"fra": "primary", "gra": "mirror"}
    stored = state / "rows.ndjson"
    lab.control.call("readback", site="fra", file=str(stored))
    assert ack in {json.loads(line)["id"] for line in stored.read_text().splitlines()}
