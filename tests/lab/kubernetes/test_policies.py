"""When policies deny everything, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from lab.kubernetes import policies
from lab.kubernetes.refusal import Refusal

_PODS = [{"app": "vitals"}, {"app": "postgres"}]


def policy(namespace: str = "vitals", **spec: Any) -> dict[str, Any]:
    return policies.checked({"metadata": {"name": "one", "namespace": namespace}, "spec": spec}, _PODS)


def test_both_directions_denied_for_all_pods_deny_everything_by_one_policy_or_by_two() -> None:
    both = policy(podSelector={}, policyTypes=["Ingress", "Egress"])
    ingress, egress = policy(podSelector={}, policyTypes=["Ingress"], ingress=[]), policy(policyTypes=["Egress"])
    assert policies.deny_everything([both])
    assert policies.deny_everything([ingress, egress])
    assert not policies.deny_everything([ingress])
    assert not policies.deny_everything([egress, egress])
    assert not policies.deny_everything([])


def test_a_policy_without_types_is_for_what_comes_in() -> None:
    assert policy(podSelector={})["spec"]["policyTypes"] == ["Ingress"]


def test_a_selector_that_matches_nothing_denies_nothing_and_says_so() -> None:
    slip = policy(podSelector={"matchLabels": {"app": "vitlas"}}, policyTypes=["Ingress", "Egress"])
    assert not policies.deny_everything([slip])
    assert "matches no pod" in policies.warning(slip, [])
    assert "one direction" in policies.warning(policy(podSelector={}), [])
    assert policies.warning(policy(podSelector={}), [policy(policyTypes=["Egress"])]) == ""


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"podSelector": {"matchLabels": {"app": "vitals"}}}, 501),
        ({"podSelector": {}, "ingress": [{}]}, 501),
        ({"podSelector": {}, "policyTypes": ["Sideways"]}, 422),
        ({"podSelektor": {}}, 422),
    ],
)
def test_what_cannot_be_done_is_refused(spec: dict[str, Any], code: int) -> None:
    with pytest.raises(Refusal) as refused:
        policy(**spec)
    assert refused.value.code == code


def test_a_policy_of_another_namespace_is_refused_where_it_would_have_an_effect() -> None:
    with pytest.raises(Refusal, match="another namespace"):
        policy("tools", podSelector={})
