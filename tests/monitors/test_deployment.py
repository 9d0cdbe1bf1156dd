"""Certificates, releases and clocks of all servers as the lab's real Prometheus has them; and what other figures mean."""

from __future__ import annotations

import pytest

from monitors.deployment import Deployment
from monitors.place import Place
from tests.lab.running import eventually
from tests.monitors.conftest import Ticks, tools


def monitor(place: Place, ticks: Ticks, **queries: str | None) -> Deployment:
    at = tools(place).prometheus
    nothing = {"certificate_ends": None, "releases": None, "clock": None}
    return Deployment(place, tools(place), at.model_copy(update={**nothing, **queries} if queries else {}), clock=ticks)


def test_a_healthy_lab_is_deployed_alike(gate: Place, ticks: Ticks) -> None:
    own = monitor(gate, ticks)
    look = eventually(lambda: seen if not (seen := own.look()).why else None)
    assert (look.ok, look.blind) == (True, False)


@pytest.mark.parametrize(
    ("queries", "why"),
    [
        ({"certificate_ends": "vector(time() + 3 * 86400)"}, ""),
        ({"certificate_ends": "vector(time() + 86400)"}, "a server: its certificate ends in 1.0 days (limit 2)"),
        ({"certificate_ends": "vector(time() - 86400)"}, "a server: its certificate ends in -1.0 days (limit 2)"),
        ({"releases": "label_replace(vector(2), 'version', '1', '', '')"}, ""),
        (
            {
                "releases": "label_replace(vector(1), 'version', '1', '', '') or label_replace(vector(1), 'version', '2', '', '')"
            },
            "2 releases run: 1, 2 (limit 1)",
        ),
        ({"clock": "label_replace(vector(9), 'site', 'fra', '', '')"}, ""),
        ({"clock": "label_replace(vector(90), 'site', 'fra', '', '')"}, "fra: its clock is +90 s off (limit 10 s)"),
        ({"clock": "label_replace(vector(-11), 'site', 'gra', '', '')"}, "gra: its clock is -11 s off (limit 10 s)"),
    ],
)
def test_figures_are_held_against_their_limits(gate: Place, ticks: Ticks, queries: dict[str, str], why: str) -> None:
    look = monitor(gate, ticks, **queries).look()
    assert (look.ok, look.blind, look.why) == (not why, False, why)


def test_no_figures_are_blindness_once_the_first_scrape_must_have_been(gate: Place, ticks: Ticks) -> None:
    own = monitor(gate, ticks, clock="absent(vector(1))")
    assert (own.look().ok, own.look().why) == (True, "waiting for the first figures")
    ticks.now += 21
    look = own.look()
    assert (look.ok, look.blind, look.why) == (False, True, "Prometheus has no figures of any server")


def test_a_query_that_prometheus_refuses_is_blindness(gate: Place, ticks: Ticks) -> None:
    assert monitor(gate, ticks, clock="max(").look().blind
