"""The driver against the lab's own API servers: real processes behind every pod."""

from __future__ import annotations

import threading

import pytest

from chaos.drivers.kubernetes import driver as driver_module
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from chaos.drivers.kubernetes.driver import DENY_ALL
from drill.examining import examine_target
from tests.chaos.drivers.kubernetes.driven import driver, processes, serves
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab


def test_a_killed_service_is_another_process_afterwards(own: RunningLab) -> None:
    lab = driver(own)
    killed = lab.kill_service("fra", "server")
    eventually(lambda: lab.service_pid("fra", "server") not in (None, killed))
    assert lab.service_state("fra", "server") == "running"
    assert eventually(lambda: serves(own, "fra"))


def test_a_stopped_service_stays_so_and_comes_back_with_as_many_pods_as_before(own: RunningLab) -> None:
    lab, other = driver(own), driver(own)
    before = lab.cluster("fra").workload("Deployment", "vitals", "vitals")
    lab.set_service("fra", "server", "stopped")
    assert lab.service_state("fra", "server") == "stopped"
    assert not serves(own, "fra")
    assert lab.cluster("fra").workload("Deployment", "vitals", "vitals").before == before.replicas
    # another machine may be the one that mends: what was before stands in the cluster
    other.set_service("fra", "server", "running")
    assert eventually(lambda: serves(own, "fra"))
    after = other.cluster("fra").workload("Deployment", "vitals", "vitals")
    assert (after.replicas, after.before) == (before.replicas, None)


def test_a_lost_site_has_no_process_and_no_network_and_comes_back(own: RunningLab) -> None:
    lab = driver(own)
    lab.kill_site("fra", ["private-link", "public-link", "processes"], 0)
    assert not {name for name in processes(own, "fra") if "vitals" in name or "postgres/" in name}
    assert not serves(own, "fra")
    assert [each.holds(DENY_ALL) for each in lab.isolations("fra")] == [True]
    lab.restore_site("fra")
    assert eventually(lambda: serves(own, "fra"), 60)
    assert [each.holds(DENY_ALL) for each in lab.isolations("fra")] == [False]


def test_a_site_that_is_cut_off_goes_on_running(own: RunningLab) -> None:
    lab = driver(own)
    lab.kill_site("fra", ["private-link", "public-link"], 0)
    assert not serves(own, "fra")
    assert lab.service_state("fra", "server") == "running"
    lab.restore_site("fra")
    assert eventually(lambda: serves(own, "fra"), 60)


def test_a_policy_without_effect_is_seen_from_outside_and_not_believed(own: RunningLab) -> None:
    """The order is carried out, the cluster says that the policy is there, and patients are served: no receipt for that."""
    lab = driver(own, isolated=["default"])
    lab.kill_site("fra", ["private-link", "public-link"], 0)
    assert [each.holds(DENY_ALL) for each in lab.isolations("fra")] == [True]
    assert serves(own, "fra"), "nothing of the product runs in that namespace"
    lab.restore_site("fra")
    assert [each.holds(DENY_ALL) for each in lab.isolations("fra")] == [False]


def test_a_selector_that_matches_nothing_is_refused(own: RunningLab) -> None:
    with pytest.raises(ClusterRefused, match="context fra: no pod in vitals matches app=vital"):
        driver(own).cluster("fra").end_pods("vitals", "app=vital")
    with pytest.raises(ClusterRefused, match="nothing runs in default: no site to lose"):
        driver(own, namespaces=["default"]).kill_site("fra", ["processes"], 0)
    with pytest.raises(ClusterRefused, match=r"pods in vitals \(limit 1\)"):
        driver(own, most_pods=1).kill_site("fra", ["processes"], 0)
    assert serves(own, "fra")


def test_a_deployment_that_somebody_scales_back_is_not_a_stopped_one(
    own: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, over = driver(own), threading.Event()
    other: Cluster = driver(own).cluster("fra")

    def operator() -> None:
        """Reconciles for ever, as operators and autoscalers do."""
        while not over.wait(0.05):
            found = other.workload("Deployment", "vitals", "vitals")
            if found.replicas == 0:
                other.scale(found, 2)

    thread = threading.Thread(target=operator)
    thread.start()
    try:
        with monkeypatch.context() as soon:
            soon.setattr(driver_module, "_SEEN_WITHIN_S", 8)  # nobody waits here for what never comes
            with pytest.raises(ClusterRefused, match=r"vitals/vitals.* (again|there again)"):
                lab.set_service("fra", "server", "stopped")
    finally:
        over.set()
        thread.join()
    lab.set_service("fra", "server", "running")
    assert eventually(lambda: serves(own, "fra"))


def test_what_kubernetes_cannot_do_is_done_by_the_lab(own: RunningLab) -> None:
    lab = driver(own)
    assert lab.dns_updates() == "taken"
    assert lab.lacks("fill_volume") == ""
    with pytest.raises(ClusterRefused, match="server of fra: Kubernetes can stop it, not freeze it"):
        lab.set_service("fra", "server", "frozen")


def test_doctor_says_what_may_be_done_there(own: RunningLab) -> None:
    remarks = {each.subject: each for each in examine_target(own.target)}
    assert {each.level for each in remarks.values()} == {"ok"}
    assert own.target.kubernetes is not None
    contexts = {site: f"{site}-read-only" for site in ("fra", "gra")}
    section = own.target.kubernetes.model_copy(update={"contexts": contexts})
    read_only = own.target.model_copy(update={"kubernetes": section})
    remarks = {each.subject: each for each in examine_target(read_only)}
    loss = remarks["fault site-loss"]
    assert (loss.level, loss.found) == ("limited", "may not be done")
    assert "fra: patch deployments.apps in vitals" in loss.remedy
    assert remarks["fault dns-wrong"].level == "ok", "no cluster is asked for that"
    gone = section.model_copy(update={"contexts": {"fra": "fra", "gra": "nowhere"}})
    remarks = {each.subject: each for each in examine_target(own.target.model_copy(update={"kubernetes": gone}))}
    assert (remarks["cluster gra"].level, "nowhere" in remarks["cluster gra"].found) == ("missing", True)
