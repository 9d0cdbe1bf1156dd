"""The catalogue of faults: known by name, undone by the name of their inverse, and refused where a plan misspells one."""

from __future__ import annotations

from typing import Any

import pytest

from chaos import faults, hand_over, inverses
from results.plan import Condition, Fault, Plan


class Recorder:
    """A driver that writes down what it is asked to do."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))


FAULT = Fault(site="gra", service="sentry", how="frozen")


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("site-loss", ("restore_site", "gra")),
        ("site-cut", ("restore_site", "gra")),
        ("database-killed", ("restore_site", "gra")),
        ("process-killed", ("set_service", "gra", "sentry", "running")),
        ("private-link", ("mend_private_link",)),
        ("service-down", ("set_service", "gra", "sentry", "running")),
        ("monitors-cut", ("set_monitors_link", "gra", "up")),
        ("api-server-gone", ("set_api_server", "gra", "running")),
        ("uploads-refused", ("set_uploads", "gra", "taken")),
    ],
)
def test_what_a_fault_owes_undoes_it(name: str, call: tuple[str, ...]) -> None:
    kind, driver = faults.fault(name), Recorder()
    inverses.way(kind.inverse).undo(driver, kind.owed(FAULT))
    assert driver.calls == [call]


def test_names_and_inverses_are_each_used_once() -> None:
    kinds = list(faults.FAULTS.values())
    assert len({kind.inverse for kind in kinds}) == len(kinds)
    assert all(kind.about and kind.proof for kind in kinds)


def test_an_unknown_fault_condition_or_inverse_is_refused_by_name() -> None:
    with pytest.raises(faults.UnknownFault, match="did you mean site-loss"):
        faults.check_faults(Plan(drill="x", fault=Fault(name="site-los")))
    with pytest.raises(faults.UnknownFault, match="'meteor'"):
        faults.check_faults(Plan(drill="x", conditions=[Condition(name="meteor")]))
    with pytest.raises(RuntimeError, match="inverse 'rewind-time' is unknown"):
        inverses.way("rewind-time")
    faults.check_faults(Plan(drill="x", fault=Fault(name="none")))


def test_what_a_fault_cannot_do_is_refused_before_anything_is_done() -> None:
    with pytest.raises(
        faults.UnknownFault, match="fault private-link: how 'frozen': there are down, one-way, slow, lossy"
    ):
        faults.check_faults(Plan(drill="x", fault=Fault(name="private-link")))
    with pytest.raises(faults.UnknownFault, match="fault process-killed: service 'database': there are server"):
        faults.check_faults(Plan(drill="x", fault=Fault(name="process-killed", service="database")))
    with pytest.raises(faults.UnknownFault, match="fault service-down: service '': there are"):
        faults.check_faults(Plan(drill="x", conditions=[Condition(name="service-down")]))
    faults.check_faults(Plan(drill="x", fault=Fault(name="private-link", how="slow")))


def test_whatever_becomes_of_a_hand_over_both_sites_run_again() -> None:
    driver = Recorder()
    way = inverses.way(hand_over.INVERSE)
    way.undo(driver, hand_over.owed("fra", "gra"))
    assert driver.calls == [("restore_site", "fra"), ("restore_site", "gra")]
    assert way.fault == "", "it lifts no fault, so it proves none lifted"
