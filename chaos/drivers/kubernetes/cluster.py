"""One site's cluster: what it shows, and the few changes that a drill makes there.

Changes go through chaostoolkit-kubernetes where that does what it says; what it cannot do, or says wrongly, goes through the
official client: it scales without remembering what was before, ends nothing for a selector that matches nothing and says
"succeeded". What is more than a call or two stands in files of its own (policies: `isolation`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from chaosk8s.deployment.actions import scale_deployment
from chaosk8s.pod.actions import terminate_pods
from chaosk8s.statefulset.actions import scale_statefulset
from chaoslib.exceptions import ActivityFailed
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import kube_config

BEFORE = "zweitherz/replicas-before"  # annotation: how many there were before a drill changed it
_CALL_WITHIN_S = 10
_NOT_FOUND = 404

# chaostoolkit-kubernetes finds its file in the environment and keeps the client's defaults in one place for all threads
_ONE_AT_A_TIME = threading.Lock()


class ClusterRefused(RuntimeError):
    """A cluster did not do what was asked: context, what, and why, in one line."""


@dataclass(frozen=True)
class Found:
    """A workload that is there. `selector` chooses its pods; `before`: replicas that a drill found, if one has changed them."""

    kind: str
    namespace: str
    name: str
    replicas: int
    ready: int
    selector: str
    before: int | None


@dataclass(frozen=True)
class Pod:
    """A pod that is there. `number` stands for its UID; `runs`: its phase is Running and nobody has deleted it.

    `started`: it runs, and so does each of its containers, its startup probe passed; at a mirror such a pod need not be ready.
    """

    namespace: str
    name: str
    number: int
    runs: bool
    started: bool
    ready: bool


class Cluster:
    """The cluster of one kube context. Every call ends within 10 s and raises ClusterRefused."""

    def __init__(self, context: str, kubeconfig: Path | None) -> None:
        self.context = context
        self._file = str(kubeconfig) if kubeconfig is not None else None
        try:
            self.api: Any = config.new_client_from_config(config_file=self._file, context=context)  # type: ignore[no-untyped-call]
        except (config.ConfigException, OSError, ValueError) as error:
            raise ClusterRefused(f"context {context}: {' '.join(str(error).split())}") from error
        self._core, self._apps = client.CoreV1Api(self.api), client.AppsV1Api(self.api)
        self._access, self._version = client.AuthorizationV1Api(self.api), client.VersionApi(self.api)
        self._custom = client.CustomObjectsApi(self.api)

    def version(self) -> str:
        """The server's own word."""
        with self.asking("its version"):
            return str(self._version.get_code(_request_timeout=_CALL_WITHIN_S).git_version)

    def workloads(self, namespace: str) -> list[Found]:
        """Every Deployment and StatefulSet there."""
        with self.asking(f"workloads in {namespace}"):
            deployments = self._apps.list_namespaced_deployment(namespace, _request_timeout=_CALL_WITHIN_S)
            sets = self._apps.list_namespaced_stateful_set(namespace, _request_timeout=_CALL_WITHIN_S)
        return [
            *(_found("Deployment", each) for each in deployments.items),
            *(_found("StatefulSet", each) for each in sets.items),
        ]

    def workload(self, kind: str, namespace: str, name: str) -> Found:
        """That one. Raises ClusterRefused where there is none."""
        read: Any = self._apps.read_namespaced_deployment
        if kind == "StatefulSet":
            read = self._apps.read_namespaced_stateful_set
        with self.asking(f"{kind} {namespace}/{name}"):
            return _found(kind, read(name, namespace, _request_timeout=_CALL_WITHIN_S))

    def mounts(self, kind: str, namespace: str, name: str) -> list[tuple[str, str]]:
        """Where that workload's containers mount their volumes: container, path. Raises ClusterRefused where there is none."""
        read: Any = self._apps.read_namespaced_deployment
        if kind == "StatefulSet":
            read = self._apps.read_namespaced_stateful_set
        with self.asking(f"{kind} {namespace}/{name}"):
            spec = read(name, namespace, _request_timeout=_CALL_WITHIN_S).spec.template.spec
        return [(each.name, mount.mount_path) for each in spec.containers for mount in each.volume_mounts or []]

    def deployment(self, namespace: str, name: str) -> Any:  # V1Deployment
        """That one, whole. Raises ClusterRefused where there is none."""
        with self.asking(f"Deployment {namespace}/{name}"):
            return self._apps.read_namespaced_deployment(name, namespace, _request_timeout=_CALL_WITHIN_S)

    def patch_deployment(self, namespace: str, name: str, body: dict[str, Any]) -> Any:  # V1Deployment
        """As a strategic merge patch makes it: lists of named things are merged by name."""
        with self.asking(f"patch Deployment {namespace}/{name}"):
            return self._apps.patch_namespaced_deployment(name, namespace, body, _request_timeout=_CALL_WITHIN_S)

    def pods(self, namespace: str, selector: str = "") -> list[Pod]:
        """Every pod there that `selector` matches."""
        with self.asking(f"pods in {namespace}"):
            return [
                _pod(each)
                for each in self._core.list_namespaced_pod(
                    namespace, label_selector=selector, _request_timeout=_CALL_WITHIN_S
                ).items
            ]

    def counted_pods(self, namespace: str) -> int:
        """Pods there that quotas count: all but those that have ended by themselves."""
        ended = "status.phase!=Succeeded,status.phase!=Failed"
        with self.asking(f"pods in {namespace}"):
            return len(
                self._core.list_namespaced_pod(namespace, field_selector=ended, _request_timeout=_CALL_WITHIN_S).items
            )

    def quota(self, namespace: str, name: str) -> Any | None:  # V1ResourceQuota
        """That one; None: there is none."""
        with self.asking(f"quotas in {namespace}"):
            items: list[Any] = self._core.list_namespaced_resource_quota(
                namespace, _request_timeout=_CALL_WITHIN_S
            ).items
        return next((each for each in items if each.metadata.name == name), None)

    def create_quota(self, namespace: str, name: str, hard: dict[str, str]) -> None:
        """Of what it limits, each with its quantity."""
        body = client.V1ResourceQuota(
            metadata=client.V1ObjectMeta(name=name), spec=client.V1ResourceQuotaSpec(hard=hard)
        )
        with self.asking(f"create quota {namespace}/{name}"):
            self._core.create_namespaced_resource_quota(namespace, body, _request_timeout=_CALL_WITHIN_S)

    def delete_quota(self, namespace: str, name: str) -> None:
        """Harmless when there is none."""
        with self.asking(f"delete quota {namespace}/{name}"):
            try:
                self._core.delete_namespaced_resource_quota(name, namespace, _request_timeout=_CALL_WITHIN_S)
            except ApiException as error:
                if error.status != _NOT_FOUND:
                    raise

    def custom(self, call: str, what: str, *given: Any) -> Any | None:  # JSON values
        """One call of the client's CustomObjectsApi, by its name; None: there is no such object, or no such kind."""
        with self.asking(what):
            try:
                return getattr(self._custom, call)(*given, _request_timeout=_CALL_WITHIN_S)
            except ApiException as error:
                if error.status != _NOT_FOUND:
                    raise
                return None

    def allows(self, verb: str, group: str, resource: str, subresource: str, namespace: str) -> bool:
        """Whether we may, as the cluster itself says (SelfSubjectAccessReview)."""
        asked = client.V1ResourceAttributes(
            verb=verb, group=group, resource=resource, subresource=subresource or None, namespace=namespace
        )
        review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=asked))
        with self.asking("what we may do"):
            answer: Any = self._access.create_self_subject_access_review(review, _request_timeout=_CALL_WITHIN_S)
        return bool(answer.status.allowed)

    def scale(self, found: Found, replicas: int) -> None:
        """To so many. How many there were is written on the workload first, unless a drill has written it before."""
        if found.before is None:
            self._annotate(found, str(found.replicas))
        self._scale(found, replicas)

    def scale_back(self, found: Found) -> None:
        """To as many as there were before a drill came; harmless for one that no drill has scaled."""
        if found.before is not None:
            self._scale(found, found.before)
            self._annotate(found, None)

    def end_pods(self, namespace: str, selector: str, *, going: bool = False) -> list[str]:
        """Delete them without grace, all at once; their names. None at all is refused: a selector that matches nothing.

        `going`: they are going anyway, and one that is gone by now is none too few.
        """
        ended: list[str] = []
        what = f"delete pods {selector} in {namespace}"
        with self._with_chaosk8s(what, but=_NOT_FOUND if going else 0) as secrets:
            ended = terminate_pods(label_selector=selector, all=True, grace_period=0, ns=namespace, secrets=secrets)
        if not ended and not going:
            raise ClusterRefused(f"context {self.context}: no pod in {namespace} matches {selector or 'everything'}")
        return ended

    def _scale(self, found: Found, replicas: int) -> None:
        scale = scale_statefulset if found.kind == "StatefulSet" else scale_deployment
        with self._with_chaosk8s(f"scale {found.namespace}/{found.name}") as secrets:
            scale(name=found.name, replicas=replicas, ns=found.namespace, secrets=secrets)

    def _annotate(self, found: Found, value: str | None) -> None:
        change: Any = self._apps.patch_namespaced_deployment
        if found.kind == "StatefulSet":
            change = self._apps.patch_namespaced_stateful_set
        body = {"metadata": {"annotations": {BEFORE: value}}}
        with self.asking(f"annotate {found.namespace}/{found.name}"):
            change(found.name, found.namespace, body, _request_timeout=_CALL_WITHIN_S)

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Whatever goes wrong meanwhile is a ClusterRefused that names this context and `what`."""
        try:
            yield
        except ApiException as error:
            raise ClusterRefused(f"context {self.context}: {what}: {error.status} {error.reason}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClusterRefused(f"context {self.context}: {what}: not reached ({type(error).__name__})") from error

    @contextmanager
    def _with_chaosk8s(self, what: str, but: int = 0) -> Iterator[dict[str, str]]:
        """Its secrets. `but`: the status that says it had been done before."""
        with _ONE_AT_A_TIME, self.asking(what):
            # the environment says whether there is a file, the client's module which one (as it was when it was imported)
            former = os.environ.get("KUBECONFIG"), kube_config.KUBE_CONFIG_DEFAULT_LOCATION
            if self._file is not None:
                os.environ["KUBECONFIG"] = kube_config.KUBE_CONFIG_DEFAULT_LOCATION = self._file
            try:
                yield {"KUBERNETES_CONTEXT": self.context}
            except ApiException as error:
                if error.status != but:
                    raise
            except ActivityFailed as error:
                raise ClusterRefused(f"context {self.context}: {what}: {' '.join(str(error).split())[:200]}") from error
            finally:
                kube_config.KUBE_CONFIG_DEFAULT_LOCATION = former[1]
                if former[0] is not None:
                    os.environ["KUBECONFIG"] = former[0]
                elif self._file is not None:
                    del os.environ["KUBECONFIG"]


def _found(kind: str, shown: Any) -> Found:  # V1Deployment or V1StatefulSet
    before = (shown.metadata.annotations or {}).get(BEFORE)
    labels = shown.spec.selector.match_labels or {}
    return Found(
        kind=kind,
        namespace=shown.metadata.namespace,
        name=shown.metadata.name,
        replicas=shown.spec.replicas or 0,
        ready=shown.status.ready_replicas or 0,
        selector=",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        before=None if before is None else int(before),
    )


def _pod(shown: Any) -> Pod:  # V1Pod
    conditions = {each.type: each.status for each in shown.status.conditions or []}
    runs = shown.status.phase == "Running" and shown.metadata.deletion_timestamp is None
    containers = shown.status.container_statuses or []
    return Pod(
        namespace=shown.metadata.namespace,
        name=shown.metadata.name,
        number=int(str(shown.metadata.uid).replace("-", "")[:12], 16),
        runs=runs,
        started=runs and bool(containers) and all(each.started for each in containers),
        ready=conditions.get("Ready") == "True",
    )
