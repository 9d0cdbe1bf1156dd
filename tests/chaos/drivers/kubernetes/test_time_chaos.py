"""A clock by Chaos Mesh: what is asked of it, and what servers on the lab's own API servers then show."""

from __future__ import annotations

import pytest

from chaos.drivers.kubernetes import chaos_mesh, time_chaos
from chaos.drivers.kubernetes.cluster import ClusterRefused
from targets.kubernetes import Workload
from tests.chaos.drivers.kubernetes.driven import driver
from tests.chaos.drivers.kubernetes.meshed import Meshed
from tests.lab.running import RunningLab

SERVER = Workload(namespace="vitals", name="vitals")


def test_it_is_for_the_servers_alone_and_ends_by_itself() -> None:
    own = Meshed()
    time_chaos.set_clock_ahead(own.cluster, SERVER, 90, 900, most_pods=2)
    time_chaos.set_clock_ahead(own.cluster, SERVER, 90, 900, most_pods=2)
    assert own.made["vitals", "timechaos"]["metadata"]["name"] == time_chaos.NAME
    selector = {"namespaces": ["vitals"], "labelSelectors": {"app": "vitals", "tier": "front"}}
    assert own.specs == [{"mode": "all", "selector": selector, "timeOffset": "90s", "duration": "900s"}]
    time_chaos.set_clock_right(own.cluster, SERVER)
    time_chaos.set_clock_right(own.cluster, SERVER)
    assert own.made == {}


def test_more_servers_than_somebody_thought_are_refused_before_anything_is_made() -> None:
    own = Meshed(pods=3)
    with pytest.raises(ClusterRefused, match=r"pods of vitals with app=vitals,tier=front: 3 \(limit 2\)$"):
        time_chaos.set_clock_ahead(own.cluster, SERVER, 90, 900, most_pods=2)
    assert own.made == {}


@pytest.mark.lab
@pytest.mark.parametrize("site", ["fra", "gra"])
def test_servers_show_a_clock_that_is_ahead_until_another_machine_sets_it_right(own: RunningLab, site: str) -> None:
    lab, other = driver(own), driver(own)
    assert lab.lacks("deploy", "clock-ahead") == ""
    lab.deploy(site, "clock-ahead")
    assert all(80 < each["clock_s"] < 100 for each in lab.deployed(site))
    other.deploy(site, "as-it-should-be")
    assert all(abs(each["clock_s"]) < 5 for each in other.deployed(site))
    assert chaos_mesh.installed(other.cluster(site), chaos_mesh.TIME)
