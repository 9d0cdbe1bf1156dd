"""The private link slow by Chaos Mesh: what is asked of it, and how long a round trip on the lab then takes."""

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
