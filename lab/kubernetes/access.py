"""Who may do what: bearer tokens of two service accounts, and the rules of each, as a role would give them.

The drill's account may do what a drill does and undoes. The read-only one may look, and is refused every action (403).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import pki
from lab.kubernetes import catalogue
from lab.kubernetes.refusal import Refusal

Rule = tuple[tuple[str, ...], str, tuple[str, ...]]  # verbs, API group, resources

_LOOK = ("get", "list", "watch")
_READ: tuple[Rule, ...] = (
    (
        _LOOK,
        "",
        ("namespaces", "nodes", "pods", "pods/log", "services", "endpoints", "events"),
    ),
    (_LOOK, "", ("resourcequotas",)),
    (("list",), "", ("secrets",)),  # their names; what they hold, nobody gets
    (_LOOK, "apps", ("deployments", "deployments/scale", "replicasets", "statefulsets", "statefulsets/scale")),
    (_LOOK, "apps", ("daemonsets",)),
    (_LOOK, "networking.k8s.io", ("networkpolicies",)),
    (_LOOK, "chaos-mesh.org", tuple(catalogue.CHAOS)),
    (_LOOK, "policy", ("poddisruptionbudgets",)),
    (_LOOK, "discovery.k8s.io", ("endpointslices",)),
    (("create",), "authorization.k8s.io", ("selfsubjectaccessreviews",)),
)
_CHANGE = ("patch", "update")
_DRILL: tuple[Rule, ...] = (
    *_READ,
    (_CHANGE, "", ("nodes", "pods")),
    (("delete", "deletecollection"), "", ("pods",)),
    (("create",), "", ("pods/eviction",)),
    (("create", "delete", *_CHANGE), "", ("resourcequotas",)),
    (("create", "delete"), "chaos-mesh.org", tuple(catalogue.CHAOS)),
    (_CHANGE, "apps", ("deployments", "deployments/scale", "statefulsets", "statefulsets/scale")),
    (("create", "delete", *_CHANGE), "networking.k8s.io", ("networkpolicies",)),
)
USERS = {"drill": _DRILL, "drill-read-only": _READ}  # name of the account -> its rules
NAMESPACE = "vitals"


@dataclass(frozen=True)
class User:
    """Who has shown a token."""

    name: str

    @property
    def account(self) -> str:
        """As Kubernetes writes it."""
        return f"system:serviceaccount:{NAMESPACE}:{self.name}"

    def may(self, verb: str, group: str, resource: str) -> bool:
        """`resource` may name a subresource ("pods/log")."""
        return any(verb in verbs and group == of and resource in names for verbs, of, names in USERS[self.name])


def token_file(state: Path, user: str) -> Path:
    """The secret that makes somebody that user."""
    return pki.keys(state).token(f"kubernetes.{user}")


def make_tokens(state: Path) -> None:
    """Fresh ones for this lab."""
    for user in USERS:
        pki.secret(token_file(state, user), secrets.token_urlsafe(32).encode())


class Door:
    """Knows users by their tokens."""

    def __init__(self, state: Path) -> None:
        self._tokens = {user: token_file(state, user).read_text() for user in USERS}

    def user(self, authorization: str) -> User:
        """Of an Authorization header ("": none was sent). Raises Refusal 401."""
        scheme, _, shown = authorization.partition(" ")
        if scheme.lower() == "bearer":
            for name, token in self._tokens.items():
                if hmac.compare_digest(token.encode(), shown.strip().encode()):
                    return User(name)
        raise Refusal(401, "Unauthorized")


def must(user: User, verb: str, group: str, resource: str, *, name: str | None, namespace: str | None) -> None:
    """Raises Refusal 403, in the words of the real one, when the user may not."""
    if user.may(verb, group, resource):
        return
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    shown = f'{resource} "{name}"' if name else resource
    raise Refusal(
        403,
        f'{shown} is forbidden: User "{user.account}" cannot {verb} resource "{resource}" in API group "{group}"{where}',
    )


def review(user: User, asked: dict[str, Any], namespaces: Iterable[str]) -> dict[str, Any]:
    """The answer to a SelfSubjectAccessReview: `asked` with its status. JSON values. Raises Refusal."""
    spec = asked.get("spec") or {}
    attributes = spec.get("resourceAttributes")
    if attributes is None:
        raise Refusal(422, "spec.resourceAttributes: required; nonResourceAttributes are not stood in for by the lab")
    resource = attributes.get("resource", "")
    if below := attributes.get("subresource"):
        resource = f"{resource}/{below}"
    allowed = user.may(attributes.get("verb", ""), attributes.get("group", ""), resource)
    namespace = attributes.get("namespace")
    if namespace and namespace not in namespaces:
        allowed = False  # the accounts' rules hold in the lab's own namespaces
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec,
        "status": {"allowed": allowed, "reason": f"rules of {user.account}"},
    }
