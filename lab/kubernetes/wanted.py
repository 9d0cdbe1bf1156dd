"""What is wanted of a site: replicas, nodes that take pods, pods and where they stand, policies. Plain data, set by orders."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from lab.kubernetes.workloads import Workload
from lab.provider import Impaired
from lab.services.vitals import Deployment

NODES_PER_SITE = 2
GRACE_S = 30
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes does: no vowels, so that no words arise
_SUFFIX = 5


@dataclass
class Node:
    """`unschedulable`: cordoned, it takes no new pod."""

    name: str
    uid: str
    created_s: float
    unschedulable: bool = False


@dataclass
class Scale:
    """Of a workload. `revision` counts templates that were asked for, `generation` every change; `observed` is the generation
    that is being brought about, or has been."""

    replicas: int
    created_s: float
    uid: str
    generation: int = 1
    observed: int = 1
    revision: int = 1
    template: dict[str, str] = field(default_factory=dict)  # annotations of the pods' template
    deployment: Deployment = field(default_factory=Deployment)  # as that template says
    refused: str = ""  # why a pod that is wanted was not made
    refused_s: float = 0

    def again(self) -> None:
        """Its template is another: every pod is to be replaced."""
        self.revision += 1
        self.generation += 1


@dataclass
class Pod:
    """One pod: it stands for the process of its workload with that ordinal.

    node       None: nobody has taken it, and its process does not run
    pid        of the process that it is; None: it was never seen running
    ending     when its end was asked for, in seconds since the epoch; 0: not
    grace_s    how long it then has
    trouble    why it could not be started
    log_from   where its lines begin in the log of its process
    failed     its process had ended when it was last looked at, and nothing starts it again
    """

    workload: Workload
    ordinal: int
    name: str
    node: str | None
    template: dict[str, str]
    deployment: Deployment = field(default_factory=Deployment)
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_s: float = field(default_factory=time.time)
    pid: int | None = None
    ending: float = 0
    grace_s: float = GRACE_S
    trouble: str = ""
    log_from: int = 0
    failed: bool = False
    ready: bool = False
    ready_since_s: float = 0

    @property
    def process(self) -> str | None:
        """None: more pods are wanted than the lab has room for, and this is one of those."""
        names = self.workload.processes
        return names[self.ordinal] if self.ordinal < len(names) else None


@dataclass(kw_only=True)
class Chaos:
    """An object of Chaos Mesh. `duration_s`: it ends by itself after so long, None: it does not; `runs`: it has not ended;
    `deleted_s`: when its end was asked for, 0: not."""

    metadata: dict[str, Any]
    spec: dict[str, Any]
    duration_s: float | None
    runs: bool = True
    deleted_s: float = 0


@dataclass(kw_only=True)
class TimeChaos(Chaos):
    """The servers' clock is to be so far ahead."""

    offset_s: float


@dataclass(kw_only=True)
class NetworkChaos(Chaos):
    """What is to happen to what leaves the site by the private link."""

    impaired: Impaired


@dataclass(kw_only=True)
class IOChaos(Chaos):
    """Nothing more is to fit on the volume of the product's database."""


Marks = dict[str, dict[str, str | None]]  # "labels" and "annotations" as somebody has set them; None: removed


class Wanted:
    """Of one site. As it was built: everything runs, every node takes pods, nothing is denied."""

    def __init__(self, site: str, workloads: list[Workload]) -> None:
        self.site, self.workloads = site, workloads
        self.born_s = time.time()
        self.nodes = {
            name: Node(name, str(uuid.uuid4()), self.born_s)
            for name in (f"{site}-node-{number}" for number in range(NODES_PER_SITE))
        }
        self.scales: dict[tuple[str, str], Scale] = {
            (each.namespace, each.name): Scale(len(each.processes), self.born_s, str(uuid.uuid4()), template={})
            for each in workloads
        }
        self.pods: list[Pod] = []
        self.policies: dict[tuple[str, str], dict[str, Any]] = {}  # (namespace, name) -> a checked NetworkPolicy
        self.quotas: dict[tuple[str, str], dict[str, Any]] = {}  # (namespace, name) -> a checked ResourceQuota
        self.chaos: dict[tuple[str, str, str], Chaos] = {}  # (plural, namespace, name) -> one that was checked
        self.marks: dict[str, Marks] = {}  # by the uid of the object that somebody has marked

    def workload(self, namespace: str, name: str) -> Workload | None:
        """By its name."""
        return next((each for each in self.workloads if (each.namespace, each.name) == (namespace, name)), None)

    def scale(self, workload: Workload) -> Scale:
        """Of that workload."""
        return self.scales[workload.namespace, workload.name]

    def pods_of(self, workload: Workload) -> list[Pod]:
        """In the order of their ordinals."""
        return sorted((each for each in self.pods if each.workload is workload), key=lambda pod: pod.ordinal)

    def used(self, namespace: str) -> int:
        """Pods there that have not ended: what quotas count."""
        return sum(each.workload.namespace == namespace and not each.failed for each in self.pods)

    def pod(self, namespace: str, name: str) -> Pod | None:
        """By its name."""
        return next((each for each in self.pods if (each.workload.namespace, each.name) == (namespace, name)), None)

    def new_pod(self, workload: Workload, ordinal: int) -> Pod:
        """Placed where there is room, and added."""
        name, scale = f"{workload.name}-{ordinal}", self.scale(workload)
        if workload.kind == "Deployment":
            name = f"{set_name(workload, scale)}-{_letters(_SUFFIX)}"
        node = self._node() if ordinal < len(workload.processes) else None
        pod = Pod(workload, ordinal, name, node, dict(scale.template), scale.deployment)
        self.pods.append(pod)
        return pod

    def is_updated(self, pod: Pod) -> bool:
        """Whether it was made from the template that its workload has now."""
        scale = self.scale(pod.workload)
        return (pod.template, pod.deployment) == (scale.template, scale.deployment)

    def place(self, pod: Pod) -> None:
        """Find a node for a pod that has none and for which the lab has room."""
        if pod.node is None and pod.process is not None:
            pod.node = self._node()

    def _node(self) -> str | None:
        """The one with the fewest pods of those that take any; None: none does."""
        taking = [each.name for each in self.nodes.values() if not each.unschedulable]
        return min(taking, key=lambda name: (sum(pod.node == name for pod in self.pods), name), default=None)


def pod_template_hash(workload: Workload, made: Scale | Pod) -> str:
    """Of the pods' template, which tells one ReplicaSet of a Deployment from the next."""
    how = made.deployment
    told = f"{workload.namespace}/{workload.name}/{sorted(made.template.items())}"
    told += f"/{how.certificate}/{how.clock_s:g}/{how.release}"
    digest = hashlib.sha256(told.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:8])


def set_name(workload: Workload, made: Scale | Pod) -> str:
    """Of a Deployment's present ReplicaSet, or of the one that a pod belongs to."""
    return f"{workload.name}-{pod_template_hash(workload, made)}"


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
