"""What drills switch in a lab: services, the network of monitors, the right to write, rules. Each is seen to work, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lab import launch
from lab.model import MONITORS, MONITORS_PORT, Options
from targets.lab_control import LabRefused
from tests.lab.running import RunningLab, eventually
from tests.lab.test_takeover import upload_patiently

pytestmark = pytest.mark.lab
CONNECT = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """A lab to be broken and mended again."""
    state = tmp_path_factory.mktemp("own")
    yield RunningLab(launch.up(Options(state=state), die_with_caller=True))
    launch.down(state)


def state_of(lab: RunningLab, name: str, state: str | None = None) -> str:
    more = {"state": state} if state else {}
    return str(lab.control.call("service", name=name, **more)["state"])


def version_of_matomo(lab: RunningLab) -> int:
    query = {"module": "API", "format": "JSON", "method": "API.getMatomoVersion"}
    asked = {**query, "token_auth": lab.access("matomo.token")}
    try:
        return lab.tools("POST", "/index.php", "matomo", data=asked).status_code
    except requests.RequestException:  # a frozen server takes what the balancer sends until its checks have failed
        return 0


def test_a_service_is_frozen_stopped_and_runs_again_while_its_neighbour_goes_on(own: RunningLab) -> None:
    auth = {"Authorization": f"Bearer {own.access('sentry.token')}"}

    def issues() -> int:
        return own.tools("GET", "/api/0/organizations/heart/issues/", "sentry", headers=auth).status_code

    for state in ("frozen", "stopped"):
        assert state_of(own, "gra/tools-matomo", state) == state_of(own, "gra/tools-matomo") == state
        eventually(lambda: version_of_matomo(own) == 503)
        assert issues() == 200
        assert state_of(own, "gra/tools-matomo", "running") == "running"
        eventually(lambda: version_of_matomo(own) == 200)


def test_the_monitors_network_is_cut_and_the_site_is_not(own: RunningLab) -> None:
    address = [MONITORS["gra"], str(MONITORS_PORT)]

    def why() -> str:
        wrapped = f"try:\n {CONNECT}\nexcept OSError as error: print(type(error).__name__)"
        return own.inside("witness", own.python, "-c", wrapped.replace("; ", "\n "), *address)

    assert why() == "ConnectionRefusedError", "nobody listens, and the way is open"
    own.control.call("monitors-link", site="gra", state="down")
    assert why() in ("TimeoutError", "OSError")
    assert own.tools("GET", "/health/ready", "sentry").status_code == 200
    own.control.call("monitors-link", site="gra", state="up")
    assert eventually(lambda: why() == "ConnectionRefusedError")


def test_uploads_are_refused_behind_a_content_health_page(own: RunningLab) -> None:
    assert own.upload().status_code == 201
    said = own.control.call("uploads", site="fra", state="refused")
    assert (said["uploads"], said["ready"]) == ("refused", True)
    assert own.upload().status_code == 503
    assert own.request("GET", "/health/ready").status_code == 200
    assert own.control.call("uploads", site="fra", state="taken")["uploads"] == "taken"
    assert own.upload().status_code == 201


def test_a_killed_application_server_is_started_again_while_the_other_serves(own: RunningLab) -> None:
    before = own.control.call("service", name="fra/vitals0")["pid"]
    assert own.control.call("service", name="fra/vitals0", state="killed")["killed"] == before
    # a connection that was on its way to the dead one is lost with it; the phone tries again
    assert upload_patiently(own, "after-the-kill") == 201
    after = eventually(lambda: own.control.call("service", name="fra/vitals0")["pid"])
    assert after != before


def test_what_is_not_started_again_by_itself_is_killed_and_runs_on_order(own: RunningLab) -> None:
    own.control.call("service", name="dns/unbound-clamped", state="killed")
    assert state_of(own, "dns/unbound-clamped") == "stopped"
    with pytest.raises(LabRefused, match="it does not run"):
        own.control.call("service", name="dns/unbound-clamped", state="killed")
    assert state_of(own, "dns/unbound-clamped", "running") == "running"


def test_the_private_link_is_slow_cut_or_as_it_was(own: RunningLab) -> None:
    def trip() -> float | None:
        value = own.control.call("round-trip")["round_trip_ms"]
        return None if value is None else float(value)

    usual = trip()
    assert usual is not None
    own.control.call("link", state="slow", more_ms=150)
    slow = trip()
    assert slow is not None
    assert slow - usual > 0.8 * 300
    own.control.call("link", state="lossy", loss=0.2)
    # 36 % of 400 round trips, and less than 54 of them by chance once in 10^20
    assert own.control.call("lost", rounds=400)["share"] > 0.135
    own.control.call("link", state="one-way")
    assert trip() is None
    assert own.control.call("lost", rounds=10)["share"] == 1
    own.control.call("link", state="up")
    assert eventually(lambda: (trip() or 1000) < 150)
    assert own.control.call("lost", rounds=100)["share"] < 0.05
    # cut for longer than a look or two of the runbook: the mirror may have been given up
    own.control.call("heal", site="gra")


def test_rules_are_evaluated_at_both_sites_and_reach_both_channels(own: RunningLab, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(
        "groups: [{name: g, rules: [{alert: Heartbeat, expr: vector(1)}, "
        "{alert: Page, expr: vector(1), labels: {sloth_severity: page}}, {alert: Ticket, expr: vector(1)}]}]"
    )
    assert own.control.call("rules", name="test", file=str(rules))["reloaded"] == ["fra", "gra"]

    def received() -> set[tuple[str, str]]:
        return {(line["channel"], line["alert"]) for line in own.control.call("deliveries")["deliveries"]}

    wanted = {(channel, alert) for channel in ("oncall", "pager") for alert in ("Heartbeat", "Page")}
    eventually(lambda: received() >= wanted, 60)
    assert ("oncall", "Ticket") not in received(), "a ticket wakes nobody"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"do": "service", "name": "gra/nothing", "state": "stopped"}, "process 'gra/nothing': there are"),
        ({"do": "service", "name": "gra/tools-matomo", "state": "asleep"}, "state 'asleep': there are running"),
        ({"do": "link", "state": "loose"}, "states are up, down, one-way, slow"),
        ({"do": "link", "state": "lossy", "loss": 2}, "loss 2: must be a number from 0 to 1"),
        ({"do": "lost", "rounds": 0}, "rounds 0: must be a number from 1 to 10000"),
        ({"do": "link", "state": "slow", "more_ms": -1}, "more_ms -1: must be a number from 0 to 2000"),
        ({"do": "monitors-link", "site": "gra", "state": "sideways"}, "state 'sideways': there are up, down"),
        ({"do": "uploads", "site": "gra", "state": "lost"}, "state 'lost': there are taken, refused"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(own: RunningLab, call: dict[str, Any], said: str) -> None:
    with pytest.raises(LabRefused, match=said):
        own.control.call(**call)
