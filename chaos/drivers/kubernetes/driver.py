"""Faults by way of Kubernetes. What Kubernetes has no word for is left to `rest`: the lab, or the target's own commands.

Nothing is believed because it was ordered: pods are seen to be gone, workloads are seen to stay as they were made, and a selector
that matches nothing is refused. How many replicas there were is written on the workloads themselves before anything is
changed, so that also another machine can put things back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from chaos.drivers.kubernetes import api_server, deployments, io_chaos, network_chaos, private_link, quota, time_chaos
from chaos.drivers.kubernetes.chaos_mesh import Spec
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused, Found
from chaos.drivers.kubernetes.isolation import Isolation
from chaos.drivers.kubernetes.nodes import Nodes
from chaos.drivers.kubernetes.seen import see, seen
from targets.kubernetes import Kubernetes, Workload

_SEEN_WITHIN_S = 40
_AHEAD_S = 90  # of a clock
_DATABASE = "database"  # stays dead when it is killed
_LINKS = ("private-link", "public-link")
DENY_ALL = "zweitherz-deny-all"
_NOTHING_PASSES = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

# what this driver does itself, with the roles that the target has to name for it
OWN = frozenset(
    {
        *("kill_site", "drain_site", "restore_site", "set_service", "service_state", "kill_service", "service_pid"),
        *private_link.OPERATIONS,
        "api_server_answers",
    }
)
_FOLLOWS_WITHIN_S = 15


class KubernetesDriver:
    """See `chaos.drivers.Driver`: a few operations are our own, the others are those of `rest`."""

    def __init__(self, kubernetes: Kubernetes, rest: Any) -> None:  # rest: a Driver
        self._kubernetes = kubernetes
        self._rest = rest
        self._clusters: dict[str, Cluster] = {}

    def __getattr__(self, operation: str) -> Any:
        """Whatever is not our own."""
        return getattr(self._rest, operation)

    def lacks(self, operation: str, service: str = "") -> str:
        """What the target lacks for that operation; empty: nothing."""
        if operation in private_link.OPERATIONS:
            return private_link.lacks(operation, self._rest, self._kubernetes)
        if operation in ("deploy", "fill_quota", "admits_pod"):
            return self._lacks_of_servers(operation, service)
        if operation not in OWN:
            missing = str(self._rest.lacks(operation))
            return missing and self._lacks_volume() if operation == "fill_volume" else missing
        if operation in ("kill_site", "drain_site", "restore_site"):
            return str(self._rest.lacks("rejoin")) if operation == "restore_site" else ""
        if service and self._is_elsewhere(service) and self._rest.lacks(operation):
            return f"kubernetes.workloads has no {service}"
        return ""

    def kill_site(self, site: str, order: Sequence[str], pause_s: float) -> None:
        """Deny-all policies for the links (they cannot tell one from the other), and others' that allow something set aside; then
        no replicas, and no pod is left.
        """
        cluster = self.cluster(site)
        found = self._all_of(cluster)
        linked = True
        for number, part in enumerate(order):
            if number == 1 and pause_s:
                threading.Event().wait(pause_s)
            if part in _LINKS and linked:
                linked = False
                for each in self.isolations(site):
                    each.isolate(DENY_ALL, _NOTHING_PASSES)
            elif part == "processes":
                self._end(cluster, found)

    def drain_site(self, site: str) -> None:
        """Its pods are evicted, as disruption budgets let them, and no node takes new ones."""
        cluster = self.cluster(site)
        self._all_of(cluster)
        Nodes(cluster).drain(self._kubernetes.namespaces)

    def restore_site(self, site: str) -> None:
        """Nodes, others' policies, replicas as they were; then whoever knows how makes it follow the active site."""
        cluster = self.cluster(site)
        Nodes(cluster).uncordon()
        for isolation in self.isolations(site):
            isolation.reopen(DENY_ALL)
        for namespace in self._kubernetes.namespaces:
            for each in cluster.workloads(namespace):
                cluster.scale_back(each)
        self._rest.rejoin(site)

    def set_private_link(self, state: str) -> None:
        """By a policy at either site; others' that allow something are set aside, as they would keep the link open."""
        link = self._kubernetes.private_link
        if link is None:
            self._rest.set_private_link(state)
            return
        first, second = link
        specs = private_link.cut(link[first], link[second], one_way=state == "one-way")
        for site, spec in zip((first, second), specs, strict=True):
            for each in self.isolations(site):
                each.isolate(private_link.NAME, spec)

    def slow_private_link(self, more_ms: float) -> None:
        """By Chaos Mesh at both sites, where the target gives it and their addresses; else by `rest`."""
        if not self._impair(network_chaos.slow(more_ms)):
            self._rest.slow_private_link(more_ms)

    def lossy_private_link(self, loss: float) -> None:
        """The same."""
        if not self._impair(network_chaos.lossy(loss)):
            self._rest.lossy_private_link(loss)

    def _impair(self, what: Spec) -> bool:
        """False: the target does not give what that takes, and nothing was done."""
        own = self._kubernetes
        if own.private_link is None or own.chaos_mesh is None:
            return False
        for site, other in zip(own.private_link, reversed(own.private_link), strict=True):
            others, limits = own.private_link[other], (own.chaos_mesh.duration_s, own.most_pods)
            network_chaos.impair(self.cluster(site), self._isolated(), others, what, *limits)
        return True

    def mend_private_link(self) -> None:
        """Others' policies as they were, no chaos of ours; then the mirror follows again, by itself or because it is told to."""
        for site in self._kubernetes.contexts:
            for each in self.isolations(site):
                each.reopen(private_link.NAME)
            if self._kubernetes.chaos_mesh is not None:
                network_chaos.mend(self.cluster(site), self._isolated())
        if not self._rest.lacks("mend_private_link"):
            self._rest.mend_private_link()
        elif not seen(lambda: any(map(self._rest.mirrored, self._kubernetes.contexts)), _FOLLOWS_WITHIN_S):
            for site in self._kubernetes.contexts:
                self._rest.rejoin(site)

    def api_server_answers(self, site: str) -> bool:
        return api_server.answers(self.cluster(site))

    def set_service(self, site: str, service: str, state: str) -> None:
        if self._is_elsewhere(service):
            self._rest.set_service(site, service, state)
            return
        cluster = self.cluster(site)
        if state == "frozen":
            raise ClusterRefused(f"{service} of {site}: Kubernetes can stop it, not freeze it (how: stopped)")
        if state == "stopped":
            self._end(cluster, [self._found(site, service)])
        else:
            cluster.scale_back(self._found(site, service))
            see(
                lambda: self.service_pid(site, service) is not None,
                f"{service} of {site}: no pod that is ready",
                _SEEN_WITHIN_S,
            )

    def service_state(self, site: str, service: str) -> str:
        if self._is_elsewhere(service):
            return str(self._rest.service_state(site, service))
        found = self._found(site, service)
        pods = self.cluster(site).pods(found.namespace, found.selector)
        return "running" if any(each.runs for each in pods) else "stopped"

    def kill_service(self, site: str, service: str) -> int:
        """Every pod of it, without grace; a number that stands for one of them. A database is kept from being started again."""
        if self._is_elsewhere(service):
            return int(self._rest.kill_service(site, service))
        found, cluster = self._found(site, service), self.cluster(site)
        running = [each for each in cluster.pods(found.namespace, found.selector) if each.runs]
        if not running:
            raise ClusterRefused(f"{service} of {site}: no pod runs that could be ended")
        if service == _DATABASE:
            self._end(cluster, [found])
        else:
            cluster.end_pods(found.namespace, found.selector)
        return running[0].number

    def service_pid(self, site: str, service: str) -> int | None:
        """A number that stands for the pod that is ready now."""
        if self._is_elsewhere(service):
            pid: int | None = self._rest.service_pid(site, service)
            return pid
        found = self._found(site, service)
        pods = self.cluster(site).pods(found.namespace, found.selector)
        return next((each.number for each in pods if each.runs and each.ready), None)

    def deploy(self, site: str, deployment: str) -> int:
        """By the template of the servers' pods, or by Chaos Mesh, where the target says what to take; else by `rest`."""
        server, given = self._server(), self._kubernetes.deployments
        if deployment == deployments.AS_IT_SHOULD_BE:
            begun = time.monotonic_ns()
            if server is not None:
                if self._kubernetes.chaos_mesh is not None:
                    time_chaos.set_clock_right(self.cluster(site), server)
                deployments.put_back(self.cluster(site), server)
            elsewhere = any(self._lacks_own(each) for each in deployments.OTHERWISE)
            if elsewhere and not self._rest.lacks("deploy"):  # what `rest` has changed, only it knows
                self._rest.deploy(site, deployment)
            return begun
        if server is None or self._lacks_own(deployment):
            return int(self._rest.deploy(site, deployment))
        if deployment == deployments.CLOCK_AHEAD and (mesh := self._kubernetes.chaos_mesh) is not None:
            limits = mesh.duration_s, self._kubernetes.most_pods
            return time_chaos.set_clock_ahead(self.cluster(site), server, _AHEAD_S, *limits)
        return deployments.deploy(self.cluster(site), server, deployments.wanted(given, deployment))

    def fill_volume(self, site: str, *, full: bool) -> None:
        """By Chaos Mesh, where the target says what to refuse writes to; else by `rest`."""
        own = self._kubernetes
        if own.chaos_mesh is None or self._lacks_volume():
            self._rest.fill_volume(site, full=full)
        elif full:
            io_chaos.fill(self.cluster(site), own.workloads[_DATABASE], own.chaos_mesh, own.most_pods)
        else:
            io_chaos.free(self.cluster(site), own.workloads[_DATABASE])

    def fill_quota(self, site: str, *, full: bool) -> None:
        server = self._quota_of(site)
        if full:
            quota.fill(self.cluster(site), server.namespace)
        else:
            quota.free(self.cluster(site), server)

    def admits_pod(self, site: str) -> bool:
        return quota.admits(self.cluster(site), self._quota_of(site))

    def cluster(self, site: str) -> Cluster:
        """The site's, connected to when first asked for."""
        if site not in self._clusters:
            self._clusters[site] = Cluster(self._kubernetes.contexts[site], self._kubernetes.kubeconfig)
        return self._clusters[site]

    def isolations(self, site: str) -> list[Isolation]:
        """Of the namespaces whose network is taken."""
        return [Isolation(self.cluster(site), each) for each in self._isolated()]

    def _isolated(self) -> list[str]:
        own = self._kubernetes
        return own.namespaces if own.isolated is None else own.isolated

    def _lacks_of_servers(self, operation: str, deployment: str) -> str:
        if operation != "deploy":
            return "" if self._server() else "kubernetes.workloads has no server that is a Deployment"
        missing = self._lacks_own(deployment)
        return f"{missing}; {elsewhere}" if missing and (elsewhere := self._rest.lacks("deploy")) else ""

    def _lacks_own(self, deployment: str) -> str:
        return deployments.lacks(self._kubernetes, self._server(), deployment)

    def _lacks_volume(self) -> str:
        """What the target lacks for a volume that is full by Chaos Mesh; empty: nothing."""
        own = self._kubernetes
        if own.chaos_mesh is None or own.chaos_mesh.volume_path is None:
            return "kubernetes.chaos_mesh.volume_path is not given"
        return "" if _DATABASE in own.workloads else f"kubernetes.workloads has no {_DATABASE}"

    def _server(self) -> Workload | None:
        """What runs the servers, if that is a Deployment."""
        server = self._kubernetes.workloads.get("server")
        return server if server is not None and server.kind == "Deployment" else None

    def _quota_of(self, site: str) -> Workload:
        if (server := self._server()) is None:
            raise ClusterRefused(f"quota of {site}: kubernetes.workloads has no server that is a Deployment")
        return server

    def _is_elsewhere(self, service: str) -> bool:
        """Not in the clusters, as far as the target says: on call, for example."""
        return service not in self._kubernetes.workloads

    def _found(self, site: str, service: str) -> Found:
        workload: Workload = self._kubernetes.workloads[service]
        return self.cluster(site).workload(workload.kind, workload.namespace, workload.name)

    def _all_of(self, cluster: Cluster) -> list[Found]:
        """What a lost site loses. Refuses to lose nothing, and more than the target allows."""
        spaces = self._kubernetes.namespaces
        found = [each for space in spaces for each in cluster.workloads(space) if each.replicas]
        if not found:
            raise ClusterRefused(f"context {cluster.context}: nothing runs in {', '.join(spaces)}: no site to lose")
        pods, most = sum(len(cluster.pods(space)) for space in spaces), self._kubernetes.most_pods
        if pods > most:
            raise ClusterRefused(f"context {cluster.context}: {pods} pods in {', '.join(spaces)} (limit {most})")
        return found

    def _end(self, cluster: Cluster, found: Sequence[Found]) -> None:
        for each in found:
            cluster.scale(each, 0)

        def gone() -> bool:
            left = [each for each in found if cluster.pods(each.namespace, each.selector)]
            for each in left:
                cluster.end_pods(each.namespace, each.selector, going=True)
            return not left

        names = ", ".join(f"{each.namespace}/{each.name}" for each in found)
        see(gone, f"context {cluster.context}: pods of {names} are still there, or there again", _SEEN_WITHIN_S)
        for each in found:
            if again := cluster.workload(each.kind, each.namespace, each.name).replicas:
                raise ClusterRefused(
                    f"context {cluster.context}: {each.namespace}/{each.name}: {again} replicas again: somebody scales it back"
                )
