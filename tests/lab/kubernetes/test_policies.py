"""When policies deny everything, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from lab.kubernetes import policies
from lab.kubernetes.refusal import Refusal

_PODS = [{"app": "vitals"}, {"app": "postgres"}]
_OTHER = "10.77.0.2"


def policy(namespace: str = "vitals", **spec: Any) -> dict[str, Any]:
    return policies.checked({"metadata": {"name": "one", "namespace": namespace}, "spec": spec}, _PODS, _OTHER)


def all_but(cidr: str = f"{_OTHER}/32") -> dict[str, Any]:
    return {"ipBlock": {"cidr": "0.0.0.0/0", "except": [cidr]}}


_BOTH = ["Ingress", "Egress"]


def test_both_directions_denied_for_all_pods_deny_everything_by_one_policy_or_by_two() -> None:
    both = policy(podSelector={}, policyTypes=["Ingress", "Egress"])
    ingress, egress = policy(podSelector={}, policyTypes=["Ingress"], ingress=[]), policy(policyTypes=["Egress"])
    assert policies.deny_everything([both])
    assert policies.deny_everything([ingress, egress])
    assert not policies.deny_everything([ingress])
    assert not policies.deny_everything([egress, egress])
    assert not policies.deny_everything([])


def test_what_one_policy_allows_no_other_one_denies() -> None:
    deny = policy(podSelector={}, policyTypes=_BOTH)
    allow = policy(podSelector={}, policyTypes=_BOTH, ingress=[{}], egress=[{}])
    assert not policies.deny_everything([deny, allow])
    assert not policies.deny_everything([allow, deny])
    assert policies.effects([deny, policy(podSelector={}, ingress=[{}])]) == {"Ingress": "open", "Egress": "denied"}
    assert "Ingress, Egress: another policy allows it" in policies.warning(deny, [allow])
    assert policies.warning(allow, [deny]) == ""
    assert policies.warning(deny, []) == ""
    slip = policy(podSelector={"matchLabels": {"app": "vitlas"}}, ingress=[{}], policyTypes=_BOTH, egress=[{}])
    assert policies.deny_everything([deny, slip]), "it allows nothing to any pod"


def test_rules_of_a_direction_that_is_none_of_its_types_do_nothing() -> None:
    deny = policy(podSelector={}, policyTypes=_BOTH)
    assert policies.deny_everything([deny, policy(podSelector={}, policyTypes=["Ingress"], egress=[{}])])


def test_everything_but_the_other_site_takes_the_private_link_alone_in_each_direction() -> None:
    both = policy(policyTypes=_BOTH, ingress=[{"from": [all_but()]}], egress=[{"to": [all_but()]}])
    out = policy(policyTypes=_BOTH, ingress=[{}], egress=[{"to": [all_but(_OTHER)]}])
    deny, allow = policy(policyTypes=_BOTH), policy(policyTypes=["Egress"], egress=[{}])
    assert policies.private_link([]) == (True, True)
    assert policies.private_link([both]) == (False, False)
    assert policies.private_link([out]) == (True, False)
    assert policies.private_link([both, allow]) == (False, True)
    assert policies.private_link([deny, both]) == (False, False)
    assert not policies.deny_everything([deny, both]), "the rest of the world is allowed"
    assert not policies.deny_everything([both])


def test_what_is_over_when_a_lab_is_healed_is_what_took_something_away() -> None:
    assert policies.takes_away(policy(podSelector={}))
    assert policies.takes_away(policy(podSelector={}, ingress=[{"from": [all_but()]}]))
    assert not policies.takes_away(policy(podSelector={}, ingress=[{}]))
    assert policies.takes_away(policy(podSelector={}, ingress=[{}], policyTypes=_BOTH))
    assert not policies.takes_away(policy(podSelector={"matchLabels": {"app": "vitlas"}}))


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
        ({"podSelector": {"matchLabels": {"app": "vitals"}}, "ingress": [{}]}, 501),
        ({"podSelector": {}, "ingress": [{"ports": [{"port": 443}]}]}, 501),
        ({"podSelector": {}, "ingress": [{}, {"ports": [{"port": 443}]}]}, 501),
        ({"podSelector": {}, "ingress": [{"from": [all_but("203.0.113.10/32")]}]}, 501),
        ({"podSelector": {}, "ingress": [{"from": [all_but("nowhere")]}]}, 501),
        ({"podSelector": {}, "ingress": [{"to": [all_but()]}]}, 501),
        ({"podSelector": {}, "ingress": [{"from": [all_but(), all_but()]}]}, 501),
        ({"podSelector": {}, "ingress": [{"from": [{**all_but(), "podSelector": {}}]}]}, 501),
        ({"podSelector": {}, "egress": [{"to": [all_but()], "ports": [{"port": 5432}]}]}, 501),
        ({"podSelector": {}, "ingress": "all"}, 501),
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
