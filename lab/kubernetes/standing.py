"""One site as its API server knows it: what is wanted, what was seen last, and the objects made from both."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from lab.kubernetes import policies, workloads
from lab.kubernetes.looks import Looks, Seen
from lab.kubernetes.objects import chaos, io_chaos, network_chaos, nodes, owners, pods, quotas, services, time_chaos
from lab.kubernetes.objects.owners import Count
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.orders import Orders
from lab.kubernetes.versions import Key, Versions
from lab.kubernetes.wanted import Chaos, IOChaos, Marks, NetworkChaos, Pod, TimeChaos, Wanted
from lab.kubernetes.workloads import Workload
from lab.model import Options
from lab.provider import Provider
from lab.storage import Storage
from lab.supervisor import ZoneSupervisor

_LOOK_EVERY_S = 0.3  # while somebody watches; else a look is taken when somebody asks


class Standing:
    """Nothing that it shows is older than the question: each is answered by a look that began after it was asked."""

    def __init__(
        self, options: Options, supervisor: ZoneSupervisor, provider: Provider, storage: Storage, site: str
    ) -> None:
        self.options, self.site, self.namespaces = options, site, workloads.namespaces(options, site)
        self.wanted = Wanted(site, workloads.workloads(options, site))
        self.bell = asyncio.Event()  # rung when an order has changed something; then there is another
        self.orders = Orders(self.wanted, supervisor, provider, storage, self._ring)
        self.versions = Versions()
        self._supervisor, self._provider, self._storage = supervisor, provider, storage
        self._writable = True  # the volume of the product's database, as far as anybody who is shown an IOChaos knows
        self._looks = Looks(supervisor, site)
        self._looking, self._begun = asyncio.Lock(), 0
        self._site_alive, self._site_since_s = True, self.wanted.born_s

    @property
    def database(self) -> Workload:
        """The product's."""
        return next(each for each in self.wanted.workloads if each.is_database and each.namespace == policies.NAMESPACE)

    async def look(self) -> None:
        """Bring `versions` up to date. Who asks meanwhile shares the next look."""
        asked = self._begun
        async with self._looking:
            if self._begun > asked:
                return
            self._begun += 1
            asked_for = [
                pair
                for workload in self.wanted.workloads
                for pair in zip(workload.processes, workload.health, strict=True)
            ]
            seen = await self._looks.look(asked_for)
            if any(isinstance(each, IOChaos) for each in self.wanted.chaos.values()):
                self._writable = await self._storage.writable(self.site)
            self.orders.adopt()
            self.versions.take(dict(self._objects(seen)))

    def log(self, pod: Pod) -> Path | None:
        """Of its process; its own lines begin at `pod.log_from`. None: it never had a process."""
        return self._supervisor.log(pod.process) if pod.process is not None and pod.node is not None else None

    async def rest(self, bell: asyncio.Event) -> None:
        """Until the bell is rung, or it is time to look again by oneself. Who watches takes the bell before he looks."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bell.wait(), _LOOK_EVERY_S)

    def _ring(self) -> None:
        self.bell.set()
        self.bell = asyncio.Event()

    def _objects(self, seen: dict[str, Seen]) -> Iterator[tuple[Key, Object]]:
        alive = self._supervisor.site_alive(self.site)
        if alive != self._site_alive:
            self._site_alive, self._site_since_s = alive, time.time()
        everything = {
            (plural, shown["metadata"].get("namespace"), shown["metadata"]["name"]): shown
            for plural, shown in self._plain(seen)
        }
        uids = {shown["metadata"]["uid"] for shown in everything.values()}
        for uid in set(self.wanted.marks) - uids:
            del self.wanted.marks[uid]
        for key, shown in everything.items():
            if marks := self.wanted.marks.get(shown["metadata"]["uid"]):
                _mark(shown, marks)
            yield key, shown

    def _plain(self, seen: dict[str, Seen]) -> Iterator[tuple[str, Object]]:
        wanted, born_s = self.wanted, self.wanted.born_s
        for name in self.namespaces:
            yield "namespaces", services.namespace(name, self.site, born_s)
            for secret in services.secrets(name, self.site, born_s):
                yield "secrets", secret
        for node in wanted.nodes.values():
            yield "nodes", nodes.node(node, self.site, site_alive=self._site_alive, since_s=self._site_since_s)
        ready: dict[str, bool] = {}
        for pod in wanted.pods:
            process = seen.get(pod.process or "")
            ready[pod.uid] = pods.is_ready(pod, process)
            if ready[pod.uid] != pod.ready:
                pod.ready, pod.ready_since_s = ready[pod.uid], time.time()
            shown = pods.pod(wanted, pod, process, site_alive=self._site_alive)
            pod.failed = shown["status"]["phase"] == "Failed"
            yield "pods", shown
        for workload in wanted.workloads:
            own = [pod for pod in wanted.pods_of(workload) if not pod.ending]
            since_s = max((pod.ready_since_s for pod in own), default=0) or born_s
            updated = [pod for pod in own if wanted.is_updated(pod)]
            count = Count(len(own), len(updated), sum(ready[pod.uid] for pod in own), since_s)
            if workload.kind == "Deployment":
                yield "deployments", owners.deployment(wanted, workload, count)
                of_set = Count(len(updated), len(updated), sum(ready[pod.uid] for pod in updated), since_s)
                yield "replicasets", owners.replica_set(wanted, workload, of_set)
            else:
                yield "statefulsets", owners.stateful_set(wanted, workload, count)
        behind = [(pod, ready[pod.uid]) for pod in wanted.pods if pod.workload.name == services.SERVICE]
        yield "services", services.service(self.site, born_s)
        yield "endpoints", services.endpoints(self.site, born_s, behind)
        yield "endpointslices", services.endpoint_slice(self.site, born_s, behind)
        yield from self._kept()

    def _kept(self) -> Iterator[tuple[str, Object]]:
        """What somebody created. Chaos that is to end is gone when nothing has it any more."""
        wanted = self.wanted
        for (namespace, _), held in wanted.quotas.items():
            yield "resourcequotas", quotas.quota(held, wanted.used(namespace))
        for key, one in list(wanted.chaos.items()):
            shown = self._chaos(one)
            if one.deleted_s and chaos.is_recovered(shown):
                del wanted.chaos[key]
            else:
                yield key[0], shown
        for policy in wanted.policies.values():
            yield "networkpolicies", {**policy, "metadata": dict(policy["metadata"])}

    def _chaos(self, one: Chaos) -> Object:
        """With the status that what runs gives it."""
        wanted = self.wanted
        match one:
            case TimeChaos():
                product = [pod for pod in wanted.pods if pod.workload.is_product]
                replicas = next(wanted.scale(each).replicas for each in wanted.workloads if each.is_product)
                return time_chaos.shown(one, product, replicas)
            case NetworkChaos():
                own = [pod for pod in wanted.pods if pod.workload.namespace == policies.NAMESPACE]
                return network_chaos.shown(one, own, self._provider.impaired_from[self.site])
            case IOChaos():
                return io_chaos.shown(one, wanted.pods_of(self.database), writable=self._writable)
        raise TypeError(f"{type(one).__name__}: nothing shows it")


def _mark(shown: Object, marks: Marks) -> None:
    for field, values in marks.items():
        have = {**shown["metadata"].get(field, {}), **values}
        shown["metadata"][field] = {key: value for key, value in have.items() if value is not None}
