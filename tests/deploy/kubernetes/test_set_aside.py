"""What a drill that denies the reference system its network sets aside: whatever allows something, and it fits into its store."""

from __future__ import annotations

import json

import pytest

from chaos.drivers.kubernetes.isolation import _MOST_BYTES, _again, allows_something
from tests.deploy.kubernetes.manifests import SITES, Document


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("namespace", ["vitals", "tools"])
def test_what_denies_stays_and_what_allows_goes_whole(
    built: dict[str, list[Document]], site: str, namespace: str
) -> None:
    policies = [
        each for each in built[site] if each["kind"] == "NetworkPolicy" and each["metadata"]["namespace"] == namespace
    ]
    allowing = [each for each in policies if allows_something(each)]
    denying = [each["metadata"]["name"] for each in policies if not allows_something(each)]
    assert denying == ["default-deny"]
    assert len(allowing) > 3
    stored = {each["metadata"]["name"]: _again(each) for each in allowing}
    assert [each["spec"] for each in allowing] == [each["spec"] for each in stored.values()]
    assert len(json.dumps(stored)) < _MOST_BYTES / 10
