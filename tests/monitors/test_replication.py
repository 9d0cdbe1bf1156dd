"""How far the mirror lies behind, as the lab's Prometheus has it from the real postgres_exporter; and what other values mean."""

from __future__ import annotations

import pytest

from monitors.place import Place
from monitors.replication import Replication
from tests.lab.running import eventually
from tests.monitors.conftest import Ticks, tools


def monitor(place: Place, ticks: Ticks, query: str | None = None) -> Replication:
    at = tools(place).prometheus
    return Replication(
        place, tools(place), at if query is None else at.model_copy(update={"replication_lag": query}), clock=ticks
    )


def test_a_healthy_lab_replicates(gate: Place, ticks: Ticks) -> None:
    own = monitor(gate, ticks)
    look = eventually(lambda: seen if (seen := own.look()).figures else None)
    assert (look.ok, look.figures["lag_bytes"] < 16 << 20) == (True, True)


@pytest.mark.parametrize(
    ("query", "ok", "lag"),
    [
        ("vector(5)", True, 5),
        ("scalar(vector(6))", True, 6),
        ("label_replace(vector(7), 'a', 'b', '', '') or vector(3)", True, 7),
        ("vector(16777216)", True, 16777216),
        ("vector(16777217)", False, 16777217),
        ("vector(1) / vector(0)", False, float("inf")),
    ],
)
def test_a_value_is_held_against_the_limit(gate: Place, ticks: Ticks, query: str, ok: bool, lag: float) -> None:
    look = monitor(gate, ticks, query).look()
    assert (look.ok, look.blind, look.figures) == (ok, False, {"lag_bytes": lag})
    assert look.why == ("" if ok else f"mirror {lag:.0f} bytes behind (limit 1.67772e+07)")


@pytest.mark.parametrize("query", ["absent(vector(1))", "vector(0) / vector(0)"])
def test_no_value_is_no_mirror_once_the_first_scrape_must_have_been(gate: Place, ticks: Ticks, query: str) -> None:
    own = monitor(gate, ticks, query)
    assert (own.look().ok, own.look().why) == (True, "waiting for the first value")
    ticks.now += 21
    look = own.look()
    assert (look.ok, look.blind, look.why) == (False, False, "no mirror replicates")


def test_a_value_that_vanishes_is_waited_for_no_more(gate: Place, ticks: Ticks) -> None:
    own = monitor(gate, ticks, "vector(1)")
    assert own.look().ok
    own._query = "absent(vector(1))"
    assert own.look().why == "no mirror replicates"


def test_a_query_that_prometheus_refuses_is_blindness(gate: Place, ticks: Ticks) -> None:
    look = monitor(gate, ticks, "max(").look()
    assert (look.blind, look.why) == (True, "status 400")
