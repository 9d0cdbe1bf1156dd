"""The fingerprint of a machine: what differs is named, what nobody recorded is not equal."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from drill.machine import cpu_model
from results.comparison.environments import differences
from tests.results.comparison.runs import MACHINE

ENVIRONMENT: dict[str, Any] = {
    "machine": {**MACHINE, "load_before": 0.2},
    "packages": {"duckdb": "2.0.0"},
    "servers": {"haproxy": "HAProxy 2.6"},
    "lab": {"links": {"kind": "netem"}},
}


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("machine", "cores"), 4, "cores: 2 and 4"),
        (("machine", "memory_bytes"), 16 << 30, "memory: 8.0 GiB and 16.0 GiB"),
        (("machine", "system"), "Linux-6.2", "system: Linux-6.1 and Linux-6.2"),
        (("machine", "cpu"), None, "processor: Example 3000 and not recorded"),
        (("packages", "duckdb"), "2.0.1", "package duckdb: 2.0.0 and 2.0.1"),
        (("packages", "locust"), "2.47", "package locust: not recorded and 2.47"),
        (("servers", "haproxy"), "HAProxy 2.8", "server haproxy: HAProxy 2.6 and HAProxy 2.8"),
        (("lab", "links"), {"kind": "wire"}, "links of the lab: netem and wire"),
    ],
)
def test_what_differs_is_named(place: tuple[str, str], value: object, said: str) -> None:
    other = copy.deepcopy(ENVIRONMENT)
    other[place[0]][place[1]] = value
    assert differences(ENVIRONMENT, other) == [said]


def test_what_a_kernel_keeps_for_itself_and_how_busy_it_was_is_no_other_machine() -> None:
    other = copy.deepcopy(ENVIRONMENT)
    other["machine"] |= {"memory_bytes": (8 << 30) - 10_000_000, "load_before": 1.5}
    assert differences(ENVIRONMENT, other) == []


def test_an_empty_environment_equals_nothing() -> None:
    assert len(differences({}, {})) >= 5


def test_the_processor_has_a_name_on_this_machine() -> None:
    assert cpu_model()
