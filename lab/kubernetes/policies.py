"""What a NetworkPolicy does here: one for all pods, without any rule, denies; both directions denied takes the site's links down.

All processes of a site share its network, so there is nothing between "all" and "none": a policy for some of its pods, or with
exceptions, is refused. One that matches no pod is taken and does nothing, and so does one direction alone: the links of a site
can only be up or down, and a lab that drops both ways when one was denied would do more than it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.selectors import Labels, by_object

NAMESPACE = "vitals"  # the product's: who denies its traffic has the site cut off
_DIRECTIONS = {"Ingress": "ingress", "Egress": "egress"}
_FIELDS = {"podSelector", "policyTypes", *_DIRECTIONS.values()}


def checked(body: Mapping[str, Any], pods: Iterable[Labels]) -> dict[str, Any]:
    """The policy with its defaults; `pods` are the labels of those that its namespace can have. Raises Refusal 422 or 501."""
    spec = body.get("spec")
    if not isinstance(spec, Mapping):
        raise Refusal(422, "spec: required")
    if unknown := set(spec) - _FIELDS:
        raise Refusal(422, f"spec: unknown field {', '.join(sorted(unknown))}")
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    if unknown := set(types) - set(_DIRECTIONS):
        raise Refusal(422, f"spec.policyTypes {', '.join(sorted(unknown))}: there are {', '.join(_DIRECTIONS)}")
    selector = spec.get("podSelector") or {}
    chosen = [by_object(selector)(labels) for labels in pods]
    # Kubernetes keeps no empty lists of rules: what is denied stands in the types
    rules = {field: spec[field] for field in _DIRECTIONS.values() if spec.get(field)}
    if any(chosen):
        if any(selector.values()):
            raise not_stood_in_for("spec.podSelector that is not empty and matches pods")
        if body["metadata"]["namespace"] != NAMESPACE:
            raise not_stood_in_for(f"a policy for pods of another namespace than {NAMESPACE}")
        if rules:
            raise not_stood_in_for(f"spec.{', spec.'.join(rules)}: rules that allow some traffic")
    return {
        **body,
        "spec": {"podSelector": selector, "policyTypes": list(types), **rules},
    }


def denies_anything(policy: Mapping[str, Any]) -> bool:
    """Whether it stands for all pods of the product's namespace; one that was `checked` then has no rules."""
    return bool(policy["metadata"]["namespace"] == NAMESPACE and not any(policy["spec"]["podSelector"].values()))


def deny_everything(policies: Iterable[Mapping[str, Any]]) -> bool:
    """Whether both directions are denied, by one policy or by several together."""
    denied = {each for policy in policies if denies_anything(policy) for each in policy["spec"]["policyTypes"]}
    return denied == set(_DIRECTIONS)


def warning(policy: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> str:
    """What whoever sent it should know; "": it does what it says."""
    if deny_everything([policy, *others]):
        return ""
    if denies_anything(policy):
        return "stand-in: one direction alone drops nothing here; denied in both, the site's links go down"
    return "stand-in: this policy matches no pod of the product, and does nothing"
