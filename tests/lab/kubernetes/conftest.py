"""One lab that speaks Kubernetes, shared by the tests of this folder: each of them leaves it as it found it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from lab import launch
from lab.model import Options
from tests.lab.kubernetes.speaking import SpeakingLab, eventually


@pytest.fixture(scope="session")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeakingLab]:
    """Healthy, with both clusters."""
    state = tmp_path_factory.mktemp("lab")
    up = launch.up(Options(state=state, kubernetes=True), die_with_caller=True)
    yield SpeakingLab(up)
    launch.down(state)


@pytest.fixture(autouse=True)
def _as_found(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves something broken fails itself, not the ones after it."""
    yield
    if "speaking" in request.fixturenames:
        left: SpeakingLab = request.getfixturevalue("speaking")
        with contextlib.suppress(AssertionError):  # what it is says more than that it took too long
            eventually(lambda: not left.broken())
        assert left.broken() == []


@pytest.fixture
def healed_afterwards(speaking: SpeakingLab) -> Iterator[None]:
    """The site gra, for tests in which it may not be reached for three looks in a row: the runbook at fra then gives it up."""
    yield
    speaking.control.call("heal", site="gra")
