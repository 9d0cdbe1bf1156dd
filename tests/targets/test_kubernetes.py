from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from targets.read import read_target
from tests.targets.target import target

EXAMPLE = Path(__file__).parents[2] / "targets/examples/kubernetes.yaml"


def section(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "contexts": {"fra": "a", "gra": "b"},
        "namespaces": ["vitals"],
        "workloads": {"server": {"namespace": "vitals", "name": "vitals"}},
    }
    return whole | changes


def test_the_example_is_a_valid_target() -> None:
    example = read_target(EXAMPLE)
    assert example.kubernetes is not None
    assert example.kubernetes.workloads["database"].kind == "StatefulSet"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contexts": {"fra": "a"}}, "kubernetes.contexts: of fra; the sites are fra, gra"),
        ({"contexts": {"fra": "a", "gra": "b", "muc": "c"}}, "of fra, gra, muc"),
        ({"namespaces": []}, "at least 1 item"),
        (
            {"workloads": {"server": {"kind": "DaemonSet", "namespace": "v", "name": "v"}}},
            "'Deployment' or 'StatefulSet'",
        ),
        ({"commands": {"journals": ["x"]}}, "commands.journals"),
        ({"most_pods": 0}, "most_pods"),
        ({"chaos_mesh": {"volume_path": "data"}}, "volume_path"),
        (
            {"chaos_mesh": {"volume_path": "/data", "volume_files": "/database/**/*"}},
            "is not below volume_path (/data)",
        ),
        ({"chaos_mesh": {"volume_files": "/data/**/*"}}, "is not below volume_path (None)"),
    ],
)
def test_what_is_wrong_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        target(kubernetes=section(**changes))
    assert message in str(refused.value)
