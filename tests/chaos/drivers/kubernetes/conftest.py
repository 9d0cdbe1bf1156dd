"""One lab that speaks Kubernetes, shared by the tests of this folder: each of them leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import launch
from lab.model import Options
from tests.lab.running import RunningLab


@pytest.fixture(scope="package")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """Without the cluster that watches; perform: the runbook waits for orders, so that a test may break the active site."""
    state = tmp_path_factory.mktemp("own")
    options = Options(state=state, replication="async", tools=False, takeover="perform", kubernetes=True)
    yield RunningLab(launch.up(options, die_with_caller=True))
    launch.down(state)
