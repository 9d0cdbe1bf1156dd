"""The manifests' own scripts, arguments and probes with real servers: from empty volumes to a takeover and the way back.

Everything but Kubernetes itself: PostgreSQL twice, the application server as its Deployment starts it (`two_sites.py`).
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from lab.vitals.settings import VERSION
from tests.deploy.kubernetes.namespaces import facts_of

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return facts_of("two_sites", tmp_path_factory.mktemp("s"))


def test_no_database_begins_unbidden(facts: dict[str, Any]) -> None:
    """124: it was still waiting for the other site when `timeout` ended it."""
    assert (facts["unbidden"], facts["unbidden_made"]) == (124, False)
    assert facts["begins"] == "prepare: fra: a new database begins here"


def test_the_other_site_copies_and_is_waited_for(facts: dict[str, Any]) -> None:
    assert facts["copies"].endswith("prepare: gra: a fresh copy of fra")
    assert facts["synchronous"] == "synchronous: fra is primary, gra streams (sync)"
    assert facts["synchronous_at_mirror"] == "synchronous: gra follows"


def test_each_database_says_what_it_knows_of_the_other(facts: dict[str, Any]) -> None:
    assert facts["mirrored"] == ["mirrored", "follows"]
    assert facts["mirrored_after"] == "not mirrored"
    assert facts["mirrored_again"] == "mirrored"


def test_the_private_link_is_measured_at_a_real_database_without_a_word_in_its_log(facts: dict[str, Any]) -> None:
    """More handshakes than the server lets wait: they are as far apart as it can take them."""
    trip, lost = facts["link"]
    assert 0 < float(trip) < 50
    assert float(lost) == 0
    assert facts["log_of_link"] == ""


def test_the_service_serves_as_its_deployment_starts_it(facts: dict[str, Any]) -> None:
    assert (facts["live"], facts["ready"]) == (200, 200)
    assert facts["uploads"] == [201, 200, 201]
    assert facts["metrics"]
    assert facts["shown"]["release"] == VERSION
    assert facts["shown"]["certificate_ends_s"] > time.time()
    assert abs(facts["shown"]["clock_s"]) < 5


def test_it_reaches_its_database_by_tls_and_cannot_without(facts: dict[str, Any]) -> None:
    many, encrypted = facts["encrypted"].split("|")
    assert int(many) >= 1
    assert encrypted == "t"
    assert (facts["plain_refused"], facts["by_tls"]) == (2, 0)


def test_all_of_it_happens_on_a_read_only_root_file_system(facts: dict[str, Any]) -> None:
    assert facts["root_writable"] is False


def test_probes_tell_a_server_without_database_from_a_dead_one(facts: dict[str, Any]) -> None:
    assert (facts["live_without"], facts["ready_without"]) == (200, 503)


def test_the_databases_probes_see_life_at_both_sites_and_death(facts: dict[str, Any]) -> None:
    assert facts["probes"] == [0] * 6, "a mirror is ready too: it follows"
    assert facts["probes_of_the_dead"] == [2, 1]


def test_a_takeover_keeps_what_was_acknowledged(facts: dict[str, Any]) -> None:
    assert facts["promotes"] == "promote: gra is primary"
    assert facts["ready_after"] == 200
    assert facts["kept"] == [200, 200, 201], "the first two had been stored before"


def test_an_auditor_reads_what_each_site_holds_as_the_service_would_export_it(facts: dict[str, Any]) -> None:
    for read in facts["store"]:
        assert (read["keys"], read["volume_of_dead_site"]) == (["k-1", "k-2"], False)
        assert read["as_exported"]


def test_a_dead_sites_volume_is_read_and_left_as_it_was(facts: dict[str, Any]) -> None:
    dead, mirror = facts["store_of_the_dead"], facts["store_of_a_dead_mirror"]
    assert dead["keys"] == ["k-1", "k-2"], dead["log"]
    assert mirror["keys"] == ["k-1", "k-2", "k-3"], mirror["log"]
    for each in (dead, mirror):
        assert each["volume_of_dead_site"]
        assert each["volume_as_it_was"]
    assert facts["store_after"] == ["k-1", "k-2", "k-3", "k-4"], (
        "the last one came to the other site while this one was dead"
    )


def test_a_site_that_comes_back_alone_acknowledges_nothing(facts: dict[str, Any]) -> None:
    assert facts["alone"] == "prepare: fra: goes on as primary, gra does not write (answer: '')"
    assert facts["alone_write"] == "no answer"


def test_it_follows_the_promoted_one_without_what_nobody_was_told_is_stored(facts: dict[str, Any]) -> None:
    assert facts["goes_on"].startswith("prepare: gra: goes on as primary")
    assert "rewound to gra, which was promoted (timeline 2, own 1)" in facts["returns"]
    assert facts["synchronous_again"] == "synchronous: gra is primary, fra streams (sync)"
    assert facts["rows"] == {"fra": "k-1 k-2 k-3", "gra": "k-1 k-2 k-3"}


def test_a_lost_volume_is_copied_afresh(facts: dict[str, Any]) -> None:
    assert facts["copied_afresh"].endswith("prepare: fra: a fresh copy of gra")


def test_two_that_were_both_promoted_need_a_human(facts: dict[str, Any]) -> None:
    code, said = facts["two_primaries"]
    assert code == 1
    assert "a human is needed" in said
