"""Brings about what is wanted: starts, ends and replaces the processes behind pods, and has a site's traffic denied.

It acts when something is ordered, and only on what the order is about. What others do (the runbook takes a volume, a site is
killed, a person stops a service) it does not undo, as a controller of a real cluster would: who heals is the lab's `heal`.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence

from lab import system
from lab.failures import FAILURES
from lab.kubernetes import policies
from lab.kubernetes.objects.quotas import exceeded
from lab.kubernetes.wanted import IOChaos, NetworkChaos, Pod, Wanted
from lab.kubernetes.workloads import Workload, process
from lab.model import Process, ServiceFailed
from lab.provider import SOUND, Provider
from lab.services import vitals
from lab.services.vitals import Deployment
from lab.storage import Storage
from lab.supervisor import Running, ZoneSupervisor

_AGAIN_AFTER_S = (1, 2, 5)
# a StatefulSet gives the same name again: kubectl delete, which asks twice, would wait for ever for a pod that it never saw gone
_NAME_IS_FREE_S = 0.5


class Orders:
    """Of one site. `changed` is called whenever what is wanted, or what is, may have become another."""

    def __init__(
        self,
        wanted: Wanted,
        supervisor: ZoneSupervisor,
        provider: Provider,
        storage: Storage,
        changed: Callable[[], None],
    ) -> None:
        self._wanted, self._supervisor, self._provider, self._storage = wanted, supervisor, provider, storage
        self._changed = changed
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by workload
        self._specs: dict[str, Process] = {}  # how a process that was ended had been started
        self._failed: defaultdict[str, int] = defaultdict(int)  # uid of a pod -> starts that failed in a row
        self._tasks: set[asyncio.Task[None]] = set()
        self._enforcing = asyncio.Lock()  # chaos
        self._deployed_here = False  # otherwise than they should be, by this interface
        self._filled_here = False  # the volume of the product's database, by this interface
        self._healed_ns = provider.healed_ns.get(wanted.site, 0)

    # orders

    def scale(self, workload: Workload, replicas: int) -> None:
        """So many pods are wanted."""
        scale = self._wanted.scale(workload)
        if scale.replicas != replicas:
            scale.replicas = replicas
            scale.generation += 1
        self._bring_about(workload)

    def restart(self, workload: Workload, annotations: Mapping[str, str]) -> None:
        """The template of its pods is another: they are replaced, one after the other."""
        scale = self._wanted.scale(workload)
        scale.template = dict(annotations)
        scale.again()
        self._bring_about(workload)

    def deploy(self, workload: Workload, deployment: Deployment) -> None:
        """The same, and the application servers are deployed so from now on."""
        scale = self._wanted.scale(workload)
        self._deployed_here = deployment != Deployment()
        scale.deployment = deployment
        scale.again()
        self._bring_about(workload)

    def end(self, pod: Pod, grace_s: float) -> None:
        """End a pod: SIGKILL at once for a grace of 0, else its clean stop first. Another takes its place if one is wanted."""
        if not pod.ending:
            pod.ending = time.time()
        pod.grace_s = grace_s
        self._bring_about(pod.workload)

    def admit(self, namespace: str) -> None:
        """Make the pods there that are wanted and were refused: a quota holds no more."""
        self._changed()
        for workload in self._wanted.workloads:
            if workload.namespace == namespace and self._wanted.scale(workload).refused:
                self._bring_about(workload)

    def cordon(self, node: str, *, unschedulable: bool) -> None:
        """Whether a node takes pods; those that wait for one are placed."""
        self._wanted.nodes[node].unschedulable = unschedulable
        self._changed()
        for workload in self._wanted.workloads:
            if any(pod.node is None for pod in self._wanted.pods_of(workload)):
                self._bring_about(workload)

    async def enforce_policies(self) -> None:
        """Have the site's traffic, or its private link, denied exactly when the policies do. Raises ServiceFailed, Refused."""
        held, site = list(self._wanted.policies.values()), self._wanted.site
        await self._provider.part(site, *policies.private_link(held))
        denied = policies.deny_everything(held)
        await self._provider.traffic({"site": site, "state": "denied" if denied else "allowed"})
        self._changed()

    async def enforce_chaos(self) -> None:
        """Have the private link slow or lossy, and the volume full, exactly when chaos that runs says so.

        Raises ServiceFailed, Refused.
        """
        async with self._enforcing:
            running = [each for each in self._wanted.chaos.values() if each.runs]
            impaired = next((each.impaired for each in running if isinstance(each, NetworkChaos)), SOUND)
            await self._provider.impair(self._wanted.site, impaired)
            full = any(isinstance(each, IOChaos) for each in running)
            if full != self._filled_here:  # a volume that somebody else has filled is his
                self._filled_here = full
                await self._storage.fill(self._wanted.site, full=full)
        self._changed()

    def take_up_chaos(self) -> None:
        """The same, and nobody waits for it: a volume may take longer to fill than a client waits for an answer."""
        self._keep(self.enforce_chaos())

    async def lift(self) -> None:
        """Everything as it was built: what was ordered here is over. Raises ServiceFailed, Refused."""
        self._as_built()
        await self.enforce_policies()
        await self.enforce_chaos()

    # what others have done

    def adopt(self) -> None:
        """Make the pods those of the processes that there are.

        A process that its init has started again is the same pod; one that was started afresh by somebody is another.
        """
        if (healed := self._provider.healed_ns.get(self._wanted.site, 0)) != self._healed_ns:
            self._healed_ns = healed
            self._as_built()
            self.take_up_chaos()
        for workload in self._wanted.workloads:
            if self._locks[_key(workload)].locked():
                continue  # an order is being carried out: it knows better which pod is which
            pods = {pod.ordinal: pod for pod in self._wanted.pods_of(workload)}
            for ordinal, name in enumerate(workload.processes):
                running = self._supervisor.running.get(name)
                if running is not None and running.handle.returncode is None:
                    self._adopt_one(workload, ordinal, pods.get(ordinal), running)

    def _adopt_one(self, workload: Workload, ordinal: int, pod: Pod | None, running: Running) -> None:
        if pod is not None and pod.pid not in (None, running.pid) and not running.restarts:
            self._wanted.pods.remove(pod)
            pod = None
        if pod is None:
            pod = self._wanted.new_pod(workload, ordinal)
        if pod.pid is None and workload.is_product:
            self._adopt_deployment(pod, running.spec)
        if pod.node is None:  # it runs, cordoned nodes or not: it is somewhere
            pod.node = next(iter(self._wanted.nodes))
        pod.pid, pod.trouble = running.pid, ""

    def _adopt_deployment(self, pod: Pod, spec: Process) -> None:
        """Whoever started it has deployed it so: the template is that one from now on."""
        pod.deployment = vitals.deployment_of(self._supervisor.options, spec)
        scale = self._wanted.scale(pod.workload)
        if pod.deployment != scale.deployment:
            scale.deployment, self._deployed_here = pod.deployment, False
            scale.again()
            scale.observed = scale.generation

    def _as_built(self) -> None:
        """All that was taken on order is given back, the orders of this interface as well."""
        for scale, workload in ((self._wanted.scale(each), each) for each in self._wanted.workloads):
            if scale.replicas != len(workload.processes):
                scale.replicas = len(workload.processes)
                scale.generation += 1
            if self._deployed_here and workload.is_product:
                self._deployed_here, scale.deployment = False, Deployment()
                scale.again()
        for node in self._wanted.nodes.values():
            node.unschedulable = False
        self._wanted.quotas.clear()
        self._wanted.chaos.clear()
        denying = [key for key, each in self._wanted.policies.items() if policies.takes_away(each)]
        for key in denying:  # their effect has ended, and so do they: a policy that is shown must be one that holds
            del self._wanted.policies[key]
        self._wanted.pods = [pod for pod in self._wanted.pods if pod.process is not None]
        for workload in self._wanted.workloads:
            self._bring_about(workload)

    # how

    def _bring_about(self, workload: Workload) -> None:
        self._changed()
        self._keep(self._carry_out(workload))

    def _keep(self, doing: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:  # a fault of ours: the lab's log shows it
            traceback.print_exception(error)

    async def _carry_out(self, workload: Workload) -> None:
        async with self._locks[_key(workload)]:
            while step := self._next_step(workload):
                await asyncio.gather(*(self._end(pod) for pod in step if pod.ending))
                if workload.kind == "StatefulSet" and any(pod.ending for pod in step):
                    self._changed()
                    await asyncio.sleep(_NAME_IS_FREE_S)
                await asyncio.gather(*(self._start(pod) for pod in step if not pod.ending))
                self._changed()

    def _next_step(self, workload: Workload) -> list[Pod]:
        """The pods to end or to start now; pods that are wanted and missing are made, pods too many are marked."""
        pods, scale = self._wanted.pods_of(workload), self._wanted.scale(workload)
        staying = [pod for pod in pods if not pod.ending]
        wanted, scale.observed = scale.replicas, scale.generation
        for pod in staying[wanted:]:
            pod.ending = time.time()
        if ending := [pod for pod in pods if pod.ending]:
            return ending
        taken = {pod.ordinal for pod in pods}
        missing = [ordinal for ordinal in range(wanted) if ordinal not in taken]
        pods += self._made(workload, missing)
        for pod in pods:
            self._wanted.place(pod)
        waiting = [pod for pod in pods if pod.node is not None and pod.pid is None]
        outdated = (pod for pod in pods if not self._wanted.is_updated(pod) and (pod.pid is None or not waiting))
        if (next_one := next(outdated, None)) is not None:
            next_one.ending = time.time()
            return [next_one]
        return [pod for pod in waiting if not pod.trouble]

    def _made(self, workload: Workload, ordinals: Sequence[int]) -> list[Pod]:
        """New pods, as many of those as quotas admit; why not the others is kept."""
        scale, namespace, made = self._wanted.scale(workload), workload.namespace, []
        refused = ""
        for ordinal in ordinals:
            refused = exceeded(self._wanted.quotas.values(), namespace, self._wanted.used(namespace))
            if refused:
                break
            made.append(self._wanted.new_pod(workload, ordinal))
        if refused != scale.refused:
            scale.refused, scale.refused_s = refused, time.time()
        return made

    async def _end(self, pod: Pod) -> None:
        name = pod.process
        if name is not None and (running := self._supervisor.running.get(name)) is not None:
            self._specs[name] = running.spec
            if pod.grace_s == 0 and running.handle.returncode is None:
                await self._supervisor.kill(name, again=False)
            else:
                await self._supervisor.stop(name, within_s=pod.grace_s)
        self._wanted.pods.remove(pod)
        self._failed.pop(pod.uid, None)
        for each in self._wanted.workloads:  # there is room for somebody else
            if (
                each.namespace == pod.workload.namespace
                and each is not pod.workload
                and self._wanted.scale(each).refused
            ):
                self._bring_about(each)

    async def _start(self, pod: Pod) -> None:
        workload, name = pod.workload, str(pod.process)
        log = self._supervisor.log(name)
        pod.log_from = log.stat().st_size if log.exists() else 0
        try:
            if why := self._refused(workload):
                raise ServiceFailed(why)
            if workload.is_database:
                await system.start_database(self._supervisor, workload.cluster, workload.site)
            else:
                await self._supervisor.start(self._spec(pod, name))
            if (pid := self._supervisor.pid(name)) is None:
                raise ServiceFailed(f"{name}: it ended as soon as it was ready")
        except FAILURES as error:
            pod.trouble = " ".join(str(error).split()) or type(error).__name__
            print(f"kubernetes {workload.site}: pod {pod.name}: {pod.trouble}", flush=True)
            self._try_again(pod)
        else:
            pod.pid = pid
            self._failed.pop(pod.uid, None)

    def _spec(self, pod: Pod, name: str) -> Process:
        """As it was started before; an application server as its template says."""
        if name in self._specs and not pod.workload.is_product:
            return self._specs[name]
        return process(self._supervisor.options, pod.workload, pod.ordinal, pod.deployment)

    def _refused(self, workload: Workload) -> str:
        """Why nobody may start anything of this workload now; "": one may."""
        site = workload.site
        if not self._supervisor.site_alive(site):
            return f"site {site} is down"
        if site in self._provider.healing:
            return f"site {site} is being healed"
        if workload.is_database and workload.namespace == "vitals" and site in self._provider.without_volume:
            return f"the provider has taken the volume from {site}"
        if workload.is_database and self._provider.cut_off(site):
            return f"site {site} is cut off: its database reaches nobody whom it could follow"
        return ""

    def _try_again(self, pod: Pod) -> None:
        times = self._failed[pod.uid]
        self._failed[pod.uid] = times + 1
        pause = _AGAIN_AFTER_S[min(times, len(_AGAIN_AFTER_S) - 1)]

        def again() -> None:
            if pod in self._wanted.pods and pod.pid is None:
                pod.trouble = ""
                self._bring_about(pod.workload)

        asyncio.get_running_loop().call_later(pause, again)

    async def stop(self) -> None:
        """End what is still being carried out: the lab ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _key(workload: Workload) -> str:
    return f"{workload.namespace}/{workload.name}"
