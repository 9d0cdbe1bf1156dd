"""The part of a target file that says where its Kubernetes clusters are, and what a drill may touch there."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from targets.part import Part

Command = list[str]


def _network(text: str) -> str:
    """A CIDR, as Kubernetes takes it: no bit beside the network's own."""
    return str(ipaddress.ip_network(text))


Network = Annotated[str, AfterValidator(_network)]


class Workload(Part):
    """What runs a service: a Deployment or a StatefulSet of that name and namespace."""

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    namespace: str
    name: str


class Commands(Part):
    """How the target does what Kubernetes has no word for: programs of its operators, run where the drill runs.

    A word ``{site}``, ``{step}``, ``{state}``, ``{rounds}`` or ``{file}`` in it is replaced. Each ends within a minute; exit code
    0: done.

    journal    prints what the runbook did so far, one JSON object a line: t_unix_ns, cluster, site, step, state, procedure
               (takeover, hand-over), and why where there is one
    perform    one step of the runbook at the surviving site
    rejoin     a site that was lost and runs again follows whoever is active now; for the one that is active it does nothing
    mirrored   exit code 0: the site's database is a mirror, 1: it is not
    deployed   prints what each of the site's servers shows at its own port, a JSON object a line: certificate_ends_s (Unix time),
               clock_s (how far it is ahead), release; the cluster's API shows no certificate, and a balancer one server of many
    hand_over  the planned way to a site whose database is a mirror
    api_server makes the site's Kubernetes API unreachable ({state}: stopped), or reachable again (running)
    private_round_trip   prints how many milliseconds a round trip over the private link takes, or nothing: none comes back.
               Between pods of `isolated` at both sites: what Chaos Mesh makes slow is what leaves a pod
    private_loss   prints which share (0 to 1) of {rounds} round trips over it did not come back at the first attempt
    volume_writable    writes a few blocks to the volume of a site's database, as its container sees it, and takes them away;
               exit code 0: they were written, 1: they were not, for want of space
    read_store writes everything a site's store holds to {file} as NDJSON, and prints {"proof": {"count": …, "sha256": …}}, and
               "volume_of_dead_site": true where no database runs there and it was read from its volume
    """

    journal: Command | None = None
    perform: Command | None = None
    rejoin: Command | None = None
    mirrored: Command | None = None
    volume_writable: Command | None = None
    deployed: Command | None = None
    hand_over: Command | None = None
    read_store: Command | None = None
    private_round_trip: Command | None = None
    private_loss: Command | None = None
    api_server: Command | None = None


class ExpiredCertificate(Part):
    """Of the servers' template: the volume with the certificate, and a Secret of the same keys that holds an expired one."""

    volume: str
    secret: str


class OldRelease(Part):
    """Of the servers' template: the container, and an image of an older release."""

    container: str
    image: str


class Deployments(Part):
    """What the template of the servers' pods is made to take; null: no drill deploys that by way of the template."""

    expired_certificate: ExpiredCertificate | None = None
    old_release: OldRelease | None = None


class ChaosMesh(Part):
    """Chaos Mesh is installed in the clusters, and a drill may use it.

    duration_s    whatever a drill breaks by it ends by itself after so long, also when nobody is left to undo it
    volume_path   where containers of the workload `database` mount the volume that a drill fills; null: none does by Chaos Mesh
    volume_files  the files there that take no more writes, as a pattern of Chaos Mesh (/data/**/base/**/*); null: all of them.
                  On a volume that is full a database still writes its log, into files that it has: name its tables alone
    """

    duration_s: float = Field(900, ge=10)
    volume_path: str | None = Field(None, pattern="^/")
    volume_files: str | None = Field(None, pattern="^/")

    @model_validator(mode="after")
    def _files_are_of_the_volume(self) -> ChaosMesh:
        files, volume = self.volume_files, self.volume_path
        if files is not None and (volume is None or not files.startswith(volume.rstrip("/") + "/")):
            raise ValueError(f"chaos_mesh.volume_files: {files} is not below volume_path ({volume})")
        return self


class Kubernetes(Part):
    """One cluster, or one part of one, per site.

    kubeconfig  one file for all contexts; null: the environment's KUBECONFIG, then the user's own
    contexts    context by site
    namespaces  what a lost site loses: every Deployment and StatefulSet in them, and their network
    isolated    those of them that get a policy which denies all traffic; null: all
    workloads   by the name that plans use: server, analysis, balancer, database, sentry, matomo, prometheus, alertmanager
    private_link   addresses (CIDR) of each site as the other one sees them over the private link; a policy takes the link down.
                The site that is named first is the first one (one-way: it passes from there only).
                For the time of the fault that policy stands in place of those of others that allow something, in the
                namespaces of `isolated`: their pods may then talk to everything but these addresses
    deployments what drills may have the workload `server` deployed as
    chaos_mesh  a clock that is ahead is a TimeChaos, a slow or lossy private link a NetworkChaos, a full volume an IOChaos;
                null: no drill uses Chaos Mesh
    most_pods   a drill that would end more pods than that at one site, or break more of them by Chaos Mesh, is refused: its
                selectors are wider than somebody thought
    """

    kubeconfig: Path | None = None
    contexts: dict[str, str]
    namespaces: list[str] = Field(min_length=1)
    isolated: list[str] | None = None
    workloads: dict[str, Workload]
    private_link: dict[str, list[Network]] | None = None
    deployments: Deployments = Deployments()
    chaos_mesh: ChaosMesh | None = None
    most_pods: int = Field(100, ge=1)
    commands: Commands = Commands()

    @model_validator(mode="after")
    def _every_site_is_seen(self) -> Kubernetes:
        link = self.private_link
        if link is not None and (set(link) != set(self.contexts) or not all(link.values())):
            raise ValueError(f"private_link: addresses of each of {', '.join(self.contexts)}, and of nobody else")
        return self
