"""How busy the machine is: by counters that are known, and by this machine's own."""

from __future__ import annotations

from typing import NamedTuple

import psutil
import pytest

from loadtests.machine import Machine


class Times(NamedTuple):
    user: float
    nice: float
    system: float
    idle: float
    iowait: float
    irq: float
    softirq: float
    steal: float
    guest: float
    guest_nice: float


@pytest.mark.parametrize(
    ("later", "busy"),
    [
        (Times(11, 5, 2, 30, 1, 0, 0, 0, 9, 0), 0.0),  # a processor waiting for a disk has nothing to do
        (Times(16, 6, 4, 20, 0, 1, 1, 0, 9, 0), 1.0),
        (Times(13, 5, 2, 28, 0, 0, 0, 0, 9, 0), 0.2),
        (Times(11, 5, 2, 20, 0, 0, 0, 10, 9, 0), 1.0),  # what a hypervisor takes is not there for us
        (Times(11, 5, 2, 20, 0, 0, 0, 0, 99, 9), None),
    ],
)
def test_share_of_the_time_since_the_last_call(
    monkeypatch: pytest.MonkeyPatch, later: Times, busy: float | None
) -> None:
    now = [Times(11, 5, 2, 20, 0, 0, 0, 0, 9, 0)]
    monkeypatch.setattr(psutil, "cpu_times", lambda: now[0])
    machine = Machine()
    now[0] = later
    found = machine.busy()
    assert found == (None if busy is None else pytest.approx(busy))


def test_this_machine_is_busy_by_some_share() -> None:
    machine = Machine()
    share = None
    while share is None:  # its clock ticks a hundred times a second
        share = machine.busy()
    assert 0 < share <= 1
