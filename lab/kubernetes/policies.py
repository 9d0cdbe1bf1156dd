"""What a NetworkPolicy does here. Policies add up, as on a real cluster: what one of them allows, no other one denies.

For all pods of the product's namespace, and in each direction, a policy denies everything (no rule), allows everything (one
empty rule), or allows everything but the other site over the private link (one rule: ``ipBlock`` 0.0.0.0/0 with that site's
private address as its exception). All processes of a site share its network, so there is nothing between: a policy for some of
its pods, or with other rules, is refused. One that matches no pod is taken and does nothing. What is denied in one direction
alone has no effect: a lab that drops both ways when one was denied would do more than it was told. Of the private link, one
direction can be cut alone: packets are dropped, where a cluster would only refuse connections that are begun in that direction.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.selectors import Labels, by_object

NAMESPACE = "vitals"  # the product's: who denies its traffic has the site cut off
_DIRECTIONS = {"Ingress": "ingress", "Egress": "egress"}
_PEERS = {"ingress": "from", "egress": "to"}
_FIELDS = {"podSelector", "policyTypes", *_DIRECTIONS.values()}
_EVERYWHERE = "0.0.0.0/0"

Effect = Literal["open", "no-private-link", "denied"]  # of all policies together, in one direction
_WIDEST_FIRST: tuple[Effect, ...] = ("open", "no-private-link", "denied")


def checked(body: Mapping[str, Any], pods: Iterable[Labels], other: str) -> dict[str, Any]:
    """The policy with its defaults; `pods` are the labels of those that its namespace can have, `other` is the private address of
    the other site. Raises Refusal 422 or 501.
    """
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
        for field, given in rules.items():
            if given != [{}] and not _all_but(field, given, other):
                raise not_stood_in_for(
                    f"spec.{field}: rules other than one that allows everything, or everything but {other} (the private link)"
                )
    return {
        **body,
        "spec": {"podSelector": selector, "policyTypes": list(types), **rules},
    }


def _all_but(field: str, rules: Any, other: str) -> bool:  # rules: whatever JSON was sent
    """Whether that is one rule for everything but the other site."""
    match rules:
        case [{**rule}] if list(rule) == [_PEERS[field]]:
            match rule[_PEERS[field]]:
                case [{"ipBlock": {"cidr": str(cidr), "except": [str(but)], **more}, **others}]:
                    return not more and not others and cidr == _EVERYWHERE and is_address(but, other)
    return False


def is_address(cidr: Any, address: str) -> bool:  # cidr: whatever JSON was sent
    """Whether that network is this one address."""
    try:
        return ipaddress.ip_network(cidr) == ipaddress.ip_network(address)
    except ValueError:
        return False


def holds(policy: Mapping[str, Any]) -> bool:
    """Whether it stands for all pods of the product's namespace; else it does nothing."""
    return bool(policy["metadata"]["namespace"] == NAMESPACE and not any(policy["spec"]["podSelector"].values()))


def takes_away(policy: Mapping[str, Any]) -> bool:
    """Whether it denies anything by itself."""
    return holds(policy) and any(_alone(policy, kind) != "open" for kind in policy["spec"]["policyTypes"])


def effects(policies: Iterable[Mapping[str, Any]]) -> dict[str, Effect]:
    """What all of them come to in each direction ("Ingress", "Egress")."""
    held = [policy for policy in policies if holds(policy)]
    return {kind: _together([_alone(each, kind) for each in held if kind in each["spec"]["policyTypes"]])
            for kind in _DIRECTIONS}  # fmt: skip


def _alone(policy: Mapping[str, Any], kind: str) -> Effect:
    rules = policy["spec"].get(_DIRECTIONS[kind])
    if not rules:
        return "denied"
    return "open" if rules == [{}] else "no-private-link"


def _together(said: Sequence[Effect]) -> Effect:
    return min(said, key=_WIDEST_FIRST.index, default="open")


def deny_everything(policies: Iterable[Mapping[str, Any]]) -> bool:
    """Whether both directions are denied, by one policy or by several together."""
    return set(effects(policies).values()) == {"denied"}


def private_link(policies: Iterable[Mapping[str, Any]]) -> tuple[bool, bool]:
    """Whether they let pass over the private link what comes in, and what goes out."""
    together = effects(policies)
    return together["Ingress"] != "no-private-link", together["Egress"] != "no-private-link"


def warning(policy: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> str:
    """What whoever sent it should know; "": it does what it says."""
    if not holds(policy):
        return "stand-in: this policy matches no pod of the product, and does nothing"
    together = effects([policy, *others])
    kinds = policy["spec"]["policyTypes"]
    if allowed := [kind for kind in kinds if _alone(policy, kind) != "open" and together[kind] == "open"]:
        return f"{', '.join(allowed)}: another policy allows it, so nothing is denied: policies add up"
    if list(together.values()).count("denied") == 1:
        return "stand-in: one direction alone drops nothing here; denied in both, the site's links go down"
    return ""
