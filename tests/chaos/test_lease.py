"""The lease of a target: taken at once, renewed while the experiment runs, given back when nothing is owed."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.lease import Lease
from tests.lab.running import eventually


class Target:
    """A driver that counts, and refuses when it is told to."""

    def __init__(self) -> None:
        self.renewed, self.released, self.refuses = 0, 0, False

    def renew_lease(self, holder: str, ttl_s: float) -> None:
        if self.refuses:
            raise OSError("gone")
        self.renewed += 1

    def release_lease(self) -> None:
        self.released += 1


def lease(target: Any, ttl_s: float) -> Lease:
    return Lease(target, "a-run", ttl_s)


def test_it_is_renewed_until_it_ends_and_given_back_when_nothing_is_owed() -> None:
    target = Target()
    held = lease(target, 0.3)
    assert target.renewed == 1
    assert eventually(lambda: target.renewed >= 3)
    target.refuses = True  # a renewal that fails is tried again
    target.refuses = False
    assert eventually(lambda: target.renewed >= 4)
    held.end(release=True)
    assert target.released == 1


def test_it_is_kept_when_something_is_owed() -> None:
    target = Target()
    lease(target, 60).end(release=False)
    assert (target.renewed, target.released) == (1, 0)


def test_a_target_that_gives_none_is_not_broken() -> None:
    target = Target()
    target.refuses = True
    with pytest.raises(OSError, match="gone"):
        lease(target, 60)
