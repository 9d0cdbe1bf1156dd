"""First process of the lab, inside its namespaces: network, services, control socket, and the end of all of them.

Started by `lab.launch`. Says one line of JSON on the ready pipe: ``{"ok": true, …}`` or ``{"ok": false, "error": …}``.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import hand_over, system, tools, usage
from lab.control import Answer, Refused, one_of, serve, site_of
from lab.deployments import Deployments
from lab.failures import FAILURES
from lab.gate import gates, kubernetes_gate, open_gate
from lab.lease import Lease
from lab.mending import mend
from lab.model import ONCALL, SITES, Options, monitors_zone
from lab.name_servers import NameServers
from lab.net.links import Links, NetemLinks, WireLinks, netem_works
from lab.net.mounts import make_mounts
from lab.net.topology import DELAYED, make_links, make_zones
from lab.provider import Provider
from lab.runbook import approval, journal
from lab.runbook.journal import read_lines
from lab.services import contacts, haproxy, prometheus, runbook
from lab.services.oncall import deliveries
from lab.storage import Storage
from lab.supervisor import ZoneSupervisor

if TYPE_CHECKING:
    from lab.kubernetes.server import ApiServers


class Lab:
    """Everything of one running lab."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.supervisor = ZoneSupervisor(options)
        self.provider = Provider(options, self.supervisor)
        self.deployments = Deployments(options, self.supervisor)
        self.storage = Storage(options)
        self.lease = Lease(lambda: mend(options, self.calls()))
        self.name_servers = NameServers(options, self.supervisor)
        self.api_servers: ApiServers | None = None
        self.ending = asyncio.Event()
        self.started = time.monotonic()

    async def bring_up(self) -> None:
        links = await asyncio.to_thread(_make_network, self.options)  # pyroute2 runs an event loop of its own
        delays = {name: self.options.distances_ms.get(name, self.options.link_ms) for name in DELAYED}
        await links.start(delays)
        await asyncio.gather(*(self.supervisor.open_site(site) for site in SITES))
        await self.provider.connect(links, delays)
        through_wire = isinstance(links, WireLinks)
        recorders = contacts.recorders(self.options, through_wire=through_wire)
        await asyncio.gather(*(self.supervisor.start(recorder) for recorder in recorders))
        await system.bring_up(self.supervisor)

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {
            **self.provider.calls(),
            **self.name_servers.calls(),
            **self.storage.calls(),
            **self.lease.calls(),
            **self.deployments.calls(),
            "status": self.status,
            "deliveries": self.deliveries,
            "contacts": self.contacts,
            "telemetry": self.telemetry,
            "service": self.service,
            "run-all": self.run_all,
            "uploads": self.uploads,
            "rules": self.rules,
            "takeover": self.takeover,
            "takeover-mode": self.takeover_mode,
            "approvals": self.approvals,
            "hand-over": self.hand_over,
            "demote": self.demote,
            "follow": self.follow,
            "forward": self.forward,
            "kubernetes": self.kubernetes,
            "api-server": self.api_server,
            "journal": self.journal,
            "readback": self.readback,
            "services": self.services,
            "resources": self.resources,
            "shutdown": self.shutdown,
        }

    async def status(self, _: dict[str, Any]) -> Answer:
        return {
            **self.provider.status(),
            "options": {**asdict(self.options), "state": str(self.options.state)},
            "up_s": round(time.monotonic() - self.started, 3),
            "deployed_otherwise": sorted(self.deployments.otherwise),
            **await system.status(self.supervisor),
        }

    async def takeover(self, request: dict[str, Any]) -> Answer:
        return await system.takeover(self.supervisor, site_of(request), request.get("step"))

    async def takeover_mode(self, request: dict[str, Any]) -> Answer:
        if request["mode"] not in ("perform", "observe"):
            raise Refused(f"mode {request['mode']!r}: perform or observe")
        await system.set_takeover_mode(self.supervisor, request["mode"])
        return {"mode": request["mode"]}

    async def approvals(self, request: dict[str, Any]) -> Answer:
        """Which steps of the takeover wait for a person; or somebody's approval of one."""
        state = self.options.state
        if "steps" in request:
            if unknown := set(request["steps"]) - set(runbook.STEPS):
                raise Refused(f"steps {', '.join(sorted(unknown))}: there are {', '.join(runbook.STEPS)}")
            approval.ask_for(state, request["steps"])
        if "approve" in request:
            step = one_of(request, "approve", runbook.STEPS)
            approval.give(state, step, str(request["by"]), str(request["reason"]))
        now = approval.read(state)
        return {"steps": now.steps, "given": now.given, "t_ns": time.monotonic_ns()}

    async def hand_over(self, request: dict[str, Any]) -> Answer:
        return await hand_over.hand_over(self.supervisor, site_of(request))

    async def demote(self, request: dict[str, Any]) -> Answer:
        await hand_over.demote(self.supervisor, site_of(request))
        return {"t_ns": time.monotonic_ns()}

    async def follow(self, request: dict[str, Any]) -> Answer:
        await hand_over.follow(self.supervisor, site_of(request))
        return {"t_ns": time.monotonic_ns()}

    async def forward(self, request: dict[str, Any]) -> Answer:
        await haproxy.forward(site_of(request), on=one_of(request, "state", ("on", "off")) == "on")
        return {"t_ns": time.monotonic_ns()}

    async def deliveries(self, _: dict[str, Any]) -> Answer:
        return {
            "deliveries": [
                {"channel": channel, **line}
                for channel in ONCALL
                for line in read_lines(deliveries(self.options, channel))
            ]
        }

    async def service(self, request: dict[str, Any]) -> Answer:
        """A process by name: into a state, or (without one) how it is. killed: as it is afterwards, and who it was."""
        name, more = str(request["name"]), {}
        if request.get("state") == "killed":
            more["killed"] = await self.supervisor.kill(name)
        elif "state" in request:
            await self.supervisor.set_state(name, one_of(request, "state", ("running", "stopped", "frozen")))
        state, pid = self.supervisor.state(name), self.supervisor.pid(name)
        return {"state": state, "pid": pid, **more, "t_ns": time.monotonic_ns()}

    async def run_all(self, _: dict[str, Any]) -> Answer:
        """Every process that was stopped or frozen on order runs again."""
        return {"services": await self.supervisor.run_all(), "t_ns": time.monotonic_ns()}

    async def uploads(self, request: dict[str, Any]) -> Answer:
        """Whether a site's service may write: set it, or (without a state) see it."""
        site = site_of(request)
        if "state" in request:
            await system.set_uploads(self.supervisor, site, one_of(request, "state", ("taken", "refused")))
        return {**await system.uploads(self.supervisor, site), "t_ns": time.monotonic_ns()}

    async def rules(self, request: dict[str, Any]) -> Answer:
        """Have every Prometheus evaluate the rules of that file, under that name."""
        prometheus.write_rules(self.options, str(request["name"]), Path(request["file"]))
        return {
            "reloaded": [site for site in tools.sites(self.options) if self.supervisor.reload(prometheus.name(site))]
        }

    async def contacts(self, _: dict[str, Any]) -> Answer:
        return await contacts.read(self.options)

    async def kubernetes(self, request: dict[str, Any]) -> Answer:
        """Everything that was ordered through a site's Kubernetes API is over: as it was built."""
        await self._speaking().lift(site_of(request))
        return {"t_ns": time.monotonic_ns()}

    async def api_server(self, request: dict[str, Any]) -> Answer:
        """A site's Kubernetes API server: into a state, or (without one) how it is."""
        servers, site = self._speaking(), site_of(request)
        if "state" in request:
            wanted = one_of(request, "state", ("running", "stopped"))
            await (servers.run(site) if wanted == "running" else servers.halt(site))
        return {"state": "running" if servers.runs(site) else "stopped", "t_ns": time.monotonic_ns()}

    def _speaking(self) -> ApiServers:
        if self.api_servers is None:
            raise Refused("this lab does not speak Kubernetes: bring it up with --kubernetes")
        return self.api_servers

    async def journal(self, _: dict[str, Any]) -> Answer:
        return {"steps": journal.read(self.options.state)}

    async def readback(self, request: dict[str, Any]) -> Answer:
        return await system.readback(self.supervisor, site_of(request), Path(request["file"]))

    async def telemetry(self, request: dict[str, Any]) -> Answer:
        return await system.telemetry(self.supervisor, site_of(request), request["sink"], Path(request["file"]))

    async def services(self, request: dict[str, Any]) -> Answer:
        site = site_of(request)
        return {
            "services": [
                {
                    "name": running.spec.name,
                    "pid": running.pid,
                    "running": running.handle.returncode is None,
                    "restarts": running.restarts,
                }
                for running in self.supervisor.running.values()
                if running.spec.zone == site
            ]
        }

    async def resources(self, request: dict[str, Any]) -> Answer:
        """What services use; with ``memory: false`` without the lab's memory as a whole, which is costly to know."""
        used = usage.by_service({name: running.pid for name, running in self.supervisor.running.items()})
        answer: Answer = {"services": used, "t_ns": time.monotonic_ns()}
        if request.get("memory", True):
            answer["memory_bytes"] = usage.memory_bytes()
        return answer

    async def shutdown(self, _: dict[str, Any]) -> Answer:
        asyncio.get_running_loop().call_soon(self.ending.set)
        return {}


def _make_network(options: Options) -> Links:
    make_mounts(options.state)
    make_zones()
    links: Links = NetemLinks() if netem_works() else WireLinks()
    make_links(through_wire=isinstance(links, WireLinks))
    return links


async def run(options: Options, ready: int, listeners: dict[str, int], lifeline: int | None) -> int:
    """The lab from the first namespace to its end; exit code 0 when it was ended on order."""
    lab = Lab(options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lab.ending.set)
    if lifeline is not None:
        loop.add_reader(lifeline, lab.ending.set)
    coming = asyncio.create_task(lab.bring_up())
    ended = asyncio.create_task(lab.ending.wait())
    await asyncio.wait([coming, ended], return_when=asyncio.FIRST_COMPLETED)
    if not coming.done():
        return 1
    try:
        await coming
        server = await serve(Path("control.sock"), lab.calls(), FAILURES)
        leads = gates(options)
        doors = [
            await open_gate(leads[name], socket.socket(fileno=fd)) for name, fd in listeners.items() if name in leads
        ]
        lab.api_servers = await _serve_kubernetes(lab, listeners) if options.kubernetes else None
    except Exception as error:
        _say(ready, {"ok": False, "error": " ".join(f"{error}".split()) or type(error).__name__})
        raise
    holders = await lab.supervisor.holders(("patients", "witness", *SITES, *map(monitors_zone, SITES)))
    _say(ready, {"ok": True, "holders": holders, "up_s": round(time.monotonic() - lab.started, 3)})
    await ended
    server.close()
    for door in doors:
        door.close()
    if lab.api_servers is not None:
        await lab.api_servers.stop()
    await lab.supervisor.stop_all()
    return 0


async def _serve_kubernetes(lab: Lab, listeners: dict[str, int]) -> ApiServers:
    from lab.kubernetes.server import ApiServers  # noqa: PLC0415 - a lab without it does not pay for it

    sockets = {site: socket.socket(fileno=listeners[kubernetes_gate(site)]) for site in SITES}
    servers = ApiServers(lab.options, lab.supervisor, lab.provider, lab.storage)
    await servers.start(sockets)
    return servers


def _say(fd: int, answer: Answer) -> None:
    os.write(fd, json.dumps(answer).encode() + b"\n")
    os.close(fd)


def main() -> int:
    order = json.loads(sys.argv[1])
    options = Options(**{**order["options"], "state": Path(order["options"]["state"])})
    os.chdir(options.state)
    return asyncio.run(run(options, order["ready"], order["gates"], order["lifeline"]))


if __name__ == "__main__":
    sys.exit(main())
