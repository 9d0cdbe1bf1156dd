"""The private link slow or lossy by Chaos Mesh: what is asked of it, and what becomes of round trips on the lab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.drivers.kubernetes import network_chaos
from chaos.drivers.kubernetes.cluster import ClusterRefused
from tests.chaos.drivers.kubernetes.driven import driver, serves
from tests.chaos.drivers.kubernetes.meshed import Meshed
from tests.lab.running import RunningLab, eventually

SPACES, OTHERS = ["vitals", "extra"], ["10.77.0.1/32", "fd00::1/128"]


def test_what_each_namespace_sends_to_the_other_site_is_late_and_that_ends_by_itself() -> None:
    own = Meshed()
    for _ in range(2):
        network_chaos.impair(own.cluster, SPACES, OTHERS, network_chaos.slow(20), 900, most_pods=2)
    assert set(own.made) == {("vitals", "networkchaos"), ("extra", "networkchaos")}
    assert own.specs[0] == {
        "action": "delay",
        "mode": "all",
        "selector": {"namespaces": ["vitals"]},
        "direction": "to",
        "externalTargets": OTHERS,
        "delay": {"latency": "20ms"},
        "duration": "900s",
    }
    for _ in range(2):
        network_chaos.mend(own.cluster, SPACES)
        assert own.made == {}


def test_a_share_that_is_lost_is_written_in_percent() -> None:
    own = Meshed()
    network_chaos.impair(own.cluster, ["vitals"], OTHERS, network_chaos.lossy(0.025), 900, most_pods=2)
    assert (own.specs[0]["action"], own.specs[0]["loss"]) == ("loss", {"loss": "2.5"})
    assert "delay" not in own.specs[0]


@pytest.mark.parametrize("pods", [0, 3])
def test_nobody_or_too_many_and_nothing_is_made(pods: int) -> None:
    own = Meshed(pods=pods)
    with pytest.raises(ClusterRefused, match="pods of vitals"):
        network_chaos.impair(own.cluster, SPACES, OTHERS, network_chaos.slow(20), 900, most_pods=2)
    assert own.made == {}


@pytest.fixture(name="mended")
def _mended(own: RunningLab) -> Iterator[None]:
    yield
    driver(own).mend_private_link()


@pytest.mark.lab
@pytest.mark.usefixtures("mended")
def test_a_round_trip_is_later_by_what_both_sites_add_until_another_machine_mends_it(own: RunningLab) -> None:
    lab, other = driver(own), driver(own)
    assert lab.lacks("slow_private_link") == ""
    before = lab.private_round_trip_ms()
    assert before is not None
    for _ in range(2):
        lab.slow_private_link(150)
    slow = lab.private_round_trip_ms()
    assert slow is not None
    assert slow > before + 0.8 * 300
    assert own.control.call("status")["links"]["private"] == "slow"
    assert serves(own, "fra")
    with pytest.raises(ClusterRefused, match="says something else"):
        lab.slow_private_link(30)
    for _ in range(2):
        other.mend_private_link()
        assert own.control.call("status")["links"]["private"] == "up"
    assert eventually(lambda: (lab.private_round_trip_ms() or 1000) < 150)


@pytest.mark.lab
@pytest.mark.usefixtures("mended")
def test_round_trips_are_lost_by_both_ways_until_another_machine_mends_it(own: RunningLab) -> None:
    lab, other = driver(own), driver(own)
    assert lab.lacks("lossy_private_link") == ""
    assert lab.private_loss(100) < 0.05
    for _ in range(2):
        lab.lossy_private_link(0.2)
    # 1 - 0.8^2 = 36 % of them: 144 of 400, and 54 by chance once in 10^20
    assert 0.135 < lab.private_loss(400) < 0.6
    assert own.control.call("status")["links"]["private"] == "lossy"
    for _ in range(2):
        other.mend_private_link()
        assert own.control.call("status")["links"]["private"] == "up"
    assert lab.private_loss(100) < 0.05
