"""The private link between the sites cut by policies at both: their pods talk to everything but the other site's addresses.

A policy decides about connections that are begun, not about packets: one-way, whatever the second site begins fails, and what
the first one begins goes on. Whether a connection that is there already ends with it is the network plugin's business (some look
at the first packet only): the receipt, a round trip of its own, cannot tell. A policy delays and loses nothing: that is
`network_chaos`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from targets.kubernetes import Kubernetes

NAME = "zweitherz-private-link"
_ALL: list[dict[str, Any]] = [{}]  # rules that allow everything

BY_CHAOS_MESH = ("slow_private_link", "lossy_private_link")
OPERATIONS = frozenset({"set_private_link", "mend_private_link", *BY_CHAOS_MESH})

Spec = dict[str, Any]  # JSON values of a NetworkPolicy's spec


def lacks(operation: str, rest: Any, own: Kubernetes) -> str:  # rest: a Driver
    """What is missing for one of those; "": nothing. What `rest` can do, it does where the target gives nothing for it."""
    missing = str(rest.lacks(operation))
    addresses = "" if own.private_link is not None else "kubernetes.private_link is not given"
    if operation == "set_private_link":
        return missing and addresses
    if operation in BY_CHAOS_MESH:
        what = "delays" if operation == "slow_private_link" else "loses"
        mesh = "" if own.chaos_mesh is not None else f"a policy {what} nothing, and kubernetes.chaos_mesh is not given"
        return missing and "; ".join(each for each in (addresses, mesh) if each)
    return missing and str(rest.lacks("mirrored") or rest.lacks("rejoin"))


def cut(first: Sequence[str], second: Sequence[str], *, one_way: bool) -> tuple[Spec, Spec]:
    """The policies' specs at the first and at the second site, by the CIDRs of each as the other one sees them.

    `one_way`: it passes from the first site to the second only.
    """
    to_second = _ALL if one_way else _all_but("to", second)
    from_second, to_first = _all_but("from", second), _all_but("to", first)
    from_first = _ALL if one_way else _all_but("from", first)
    return _spec(from_second, to_second), _spec(from_first, to_first)


def _spec(ingress: list[dict[str, Any]], egress: list[dict[str, Any]]) -> Spec:
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": ingress, "egress": egress}


def _all_but(word: str, cidrs: Sequence[str]) -> list[dict[str, Any]]:
    """One rule for every address but these; an exception has to be of the family of the block that it is taken from."""
    v4, v6 = ([cidr for cidr in cidrs if (":" in cidr) is new] for new in (False, True))
    blocks = [{"cidr": "0.0.0.0/0", "except": v4}] if v4 else []
    blocks += [{"cidr": "::/0", "except": v6}] if v6 else []
    return [{word: [{"ipBlock": block} for block in blocks]}]
