"""A namespace under one policy of ours, whatever other people's policies allow.

Policies add up: what one of them allows, no other one denies. So those of others that allow something are set aside while ours
holds, and put back as they were. Their manifests lie in the cluster all the while, on a policy of ours that matches no pod: any
machine can put them back, and whoever takes our denying policy away (a lab that mends itself) does not take them with it.

::

    isolate     1 manifests are stored    2 our policy is there    3 the others are deleted    4 and are seen to be gone
    reopen      1 the others are created again, and seen           2 our policy goes           3 the stored manifests go

Whoever is interrupted between any two steps, and begins again or goes back, loses nothing; no pod is ever without any policy that
had one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from chaos.drivers.kubernetes.seen import see

STORE = "zweitherz-set-aside"
MANIFESTS = "zweitherz/set-aside"  # annotation: JSON, manifest by name
OURS = "zweitherz-"  # how the names of all our policies begin
_MOST_BYTES = 200_000  # of 256 KiB that all annotations of an object may have (apimachinery: TotalAnnotationSizeLimitB)
_KEPT = (
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
)  # of the metadata: what somebody else than the server wrote
_SEEN_WITHIN_S = 10
_CALL_WITHIN_S = 10
_NOT_FOUND, _CONFLICT = 404, 409
_RULES = {"Ingress": "ingress", "Egress": "egress"}

Manifest = dict[str, Any]  # JSON values of a NetworkPolicy, as it can be created again


class Isolation:
    """Of one namespace. Raises ClusterRefused."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._api: Any = client.NetworkingV1Api(cluster.api)

    def isolate(self, name: str, spec: Mapping[str, Any]) -> None:
        """Have only this policy of ours, and what others deny, hold there; harmless when it does. `name` begins with `OURS`."""
        found = self._policies()
        self._refuse_another(name, spec, found)
        allowing = [each for each in found if not _is_ours(each) and allows_something(each)]
        if allowing:
            self._store({each["metadata"]["name"]: _again(each) for each in allowing})
        self._create({**_HEAD, "metadata": {"name": name}, "spec": dict(spec)})
        for each in allowing:
            self._delete(each["metadata"]["name"])

        def alone() -> bool:
            return not any(not _is_ours(each) and allows_something(each) for each in self._policies())

        names = ", ".join(each["metadata"]["name"] for each in allowing)
        see(
            alone, f"{self._where()}: policies that allow something are there, or there again ({names})", _SEEN_WITHIN_S
        )

    def reopen(self, name: str) -> None:
        """The others as they were, and that policy of ours gone; harmless when there is none.

        What somebody has created again under the same name meanwhile is his newer word, and stays. While another policy of ours
        holds there, what was set aside stays so.
        """
        ours = {each["metadata"]["name"] for each in self._policies() if _is_ours(each)}
        if ours <= {name, STORE}:
            stored = self._stored()
            for manifest in stored.values():
                self._create(manifest)
            back = set(stored)
            see(
                lambda: back <= {each["metadata"]["name"] for each in self._policies()},
                f"{self._where()}: policies that were set aside are not back ({', '.join(sorted(back))})",
                _SEEN_WITHIN_S,
            )
        if name in ours:
            self._delete(name)
        if STORE in ours and ours <= {name, STORE}:
            self._delete(STORE)

    def set_aside(self) -> list[str]:
        """Names of those whose manifests are stored there now."""
        return sorted(self._stored())

    def holds(self, name: str) -> bool:
        """Whether that policy of ours is there."""
        return any(each["metadata"]["name"] == name for each in self._policies())

    def _refuse_another(self, name: str, spec: Mapping[str, Any], found: Sequence[Manifest]) -> None:
        """Our policies add up as well: two of them would come to something that nobody has asked for."""
        for each in found:
            own = str(each["metadata"]["name"])
            if _is_ours(each) and own != STORE and (own != name or each["spec"] != spec):
                why = f"{own} holds there already, for something else: that has to be undone first"
                raise ClusterRefused(f"{self._where()}: {why}")

    def _store(self, manifests: Mapping[str, Manifest]) -> None:
        """Beside what is stored already: whoever was interrupted had deleted some of them by then."""
        before = self._stored()
        all_of = {**before, **manifests}
        text = json.dumps(all_of, separators=(",", ":"), sort_keys=True)
        if (size := len(text.encode())) > _MOST_BYTES:
            raise ClusterRefused(
                f"{self._where()}: {len(all_of)} policies to set aside are {size} bytes (limit {_MOST_BYTES})"
            )
        metadata = {"name": STORE, "annotations": {MANIFESTS: text}}
        self._create({**_HEAD, "metadata": metadata, "spec": _FOR_NOBODY})
        with self._cluster.asking(f"write on {STORE} in {self._namespace}"):
            self._api.patch_namespaced_network_policy(
                STORE, self._namespace, {"metadata": metadata}, _request_timeout=_CALL_WITHIN_S
            )
        if self._stored() != all_of:
            raise ClusterRefused(f"{self._where()}: {STORE} does not hold what was written on it: nothing is set aside")

    def _stored(self) -> dict[str, Manifest]:
        for each in self._policies():
            if each["metadata"]["name"] == STORE:
                text = each["metadata"].get("annotations", {}).get(MANIFESTS, "{}")
                try:
                    stored: dict[str, Manifest] = json.loads(text)
                except ValueError as error:
                    raise ClusterRefused(
                        f"{self._where()}: {STORE}: somebody has changed {MANIFESTS} ({error})"
                    ) from error
                return stored
        return {}

    def _policies(self) -> list[Manifest]:
        """As the server sends them: the client's own objects leave out what they do not know."""
        with self._cluster.asking(f"network policies in {self._namespace}"):
            answer = self._api.list_namespaced_network_policy(
                self._namespace, _request_timeout=_CALL_WITHIN_S, _preload_content=False
            )
            items: list[Manifest] = json.loads(answer.data)["items"]
        return items

    def _create(self, manifest: Manifest) -> None:
        with self._cluster.asking(f"create {manifest['metadata']['name']} in {self._namespace}"), _unless(_CONFLICT):
            self._api.create_namespaced_network_policy(self._namespace, manifest, _request_timeout=_CALL_WITHIN_S)

    def _delete(self, name: str) -> None:
        with self._cluster.asking(f"delete {name} in {self._namespace}"), _unless(_NOT_FOUND):
            self._api.delete_namespaced_network_policy(name, self._namespace, _request_timeout=_CALL_WITHIN_S)

    def _where(self) -> str:
        return f"context {self._cluster.context}: {self._namespace}"


_HEAD = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
# a policy for no pod, so that it does nothing but carry what is written on it
_FOR_NOBODY = {"podSelector": {"matchLabels": {"zweitherz/set-aside": "nobody"}}, "policyTypes": ["Ingress"]}


@contextmanager
def _unless(status: int) -> Iterator[None]:
    """Passes over a refusal of that status: what was asked for is so already."""
    try:
        yield
    except ApiException as error:
        if error.status != status:
            raise


def allows_something(policy: Mapping[str, Any]) -> bool:
    """Whether it has a rule in a direction that it is about; a cluster writes the directions down where nobody did."""
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return any(spec.get(field) for kind, field in _RULES.items() if kind in types)


def _is_ours(policy: Mapping[str, Any]) -> bool:
    return str(policy["metadata"]["name"]).startswith(OURS)


def _again(policy: Mapping[str, Any]) -> Manifest:
    """Without what the server adds."""
    metadata = policy["metadata"]
    kept = {key: metadata[key] for key in ("name", *_KEPT) if metadata.get(key)}
    return {**_HEAD, "metadata": kept, "spec": policy["spec"]}
