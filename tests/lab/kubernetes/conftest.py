"""One lab that speaks Kubernetes, shared by the tests of this folder: each of them leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import launch
from lab.model import Options
from tests.lab.kubernetes.speaking import SpeakingLab


@pytest.fixture(scope="session")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeakingLab]:
    """Healthy, with both clusters."""
    state = tmp_path_factory.mktemp("lab")
    up = launch.up(Options(state=state, kubernetes=True), die_with_caller=True)
    yield SpeakingLab(up)
    launch.down(state)
