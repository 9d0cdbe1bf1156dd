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
from typing import Any

import asyncpg

from lab import hand_over, system, tools, usage
from lab.clusters import MAIN, TOOLS
from lab.control import Answer, Refused, serve
from lab.gate import gates, open_gate
from lab.model import ONCALL, SITES, Options, ServiceFailed, monitors_zone
from lab.net.links import Links, NetemLinks, WireLinks, calibrate, netem_works, round_trip_ms
from lab.net.mounts import make_mounts
from lab.net.topology import DELAYED, PRIVATE_LINK, make_links, make_zones, set_interface
from lab.runbook import journal
from lab.runbook.journal import read_lines
from lab.services import contacts, prometheus
from lab.services.oncall import deliveries
from lab.supervisor import ZoneSupervisor

_PARTS = ("private-link", "public-link", "processes")
_LINKS = ("public", "private")  # of a site: without both, it reaches nobody, the provider's interface neither
_PASSING = {"up": (True, True), "down": (False, False), "one-way": (True, False), "slow": (True, True)}
_SLOWEST_MS = 2000
ROLLING_DISASTER_S = 1.5  # defect lose-last-second: the private link goes that long before the rest


class Lab:
    """Everything of one running lab."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.supervisor = ZoneSupervisor(options)
        self.links: Links = WireLinks()
        self.calibration: dict[str, dict[str, float]] = {}
        self.fenced: set[str] = set()
        self.healing: set[str] = set()
        self.healed_ns: dict[str, int] = {}
        self.links_down: dict[str, set[str]] = {site: set() for site in SITES}
        self.without_volume: set[tuple[str, str]] = set()  # site, cluster
        self.link_state = "up"
        self.ending = asyncio.Event()
        self.started = time.monotonic()

    async def bring_up(self) -> None:
        self.links = await asyncio.to_thread(_make_network, self.options)  # pyroute2 runs an event loop of its own
        delays = {name: self.options.distances_ms.get(name, self.options.link_ms) for name in DELAYED}
        await self.links.start(delays)
        await asyncio.gather(*(self.supervisor.open_site(site) for site in SITES))
        self.calibration = await calibrate(self.links, delays)
        through_wire = isinstance(self.links, WireLinks)
        recorders = contacts.recorders(self.options, through_wire=through_wire)
        await asyncio.gather(*(self.supervisor.start(recorder) for recorder in recorders))
        await system.bring_up(self.supervisor)

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {
            "status": self.status,
            "kill": self.kill,
            "heal": self.heal,
            "fence": self.fence,
            "deliveries": self.deliveries,
            "contacts": self.contacts,
            "telemetry": self.telemetry,
            "link": self.link,
            "round-trip": self.round_trip,
            "monitors-link": self.monitors_link,
            "service": self.service,
            "uploads": self.uploads,
            "rules": self.rules,
            "takeover": self.takeover,
            "takeover-mode": self.takeover_mode,
            "hand-over": self.hand_over,
            "demote": self.demote,
            "follow": self.follow,
            "forward": self.forward,
            "journal": self.journal,
            "readback": self.readback,
            "services": self.services,
            "resources": self.resources,
            "shutdown": self.shutdown,
        }

    async def status(self, _: dict[str, Any]) -> Answer:
        sites = {site: {"alive": self.supervisor.site_alive(site), "fenced": site in self.fenced} for site in SITES}
        return {
            "sites": sites,
            "links": {"kind": self.links.kind, "private": self.link_state, "delays": self.calibration},
            "options": {**asdict(self.options), "state": str(self.options.state)},
            "up_s": round(time.monotonic() - self.started, 3),
            **await system.status(self.supervisor),
        }

    async def kill(self, request: dict[str, Any]) -> Answer:
        site, order = _site(request), request.get("order", list(_PARTS))
        pause_s = float(request.get("pause_s", 0))
        if self.options.defect == "lose-last-second":
            pause_s = max(pause_s, ROLLING_DISASTER_S)
        if unknown := set(order) - set(_PARTS):
            raise Refused(f"order: {', '.join(unknown)} unknown; there are {', '.join(_PARTS)}")
        steps: dict[str, int] = {}
        for number, part in enumerate(order):
            if number == 1 and pause_s:
                await asyncio.sleep(pause_s)
            if self.options.defect != "fault-without-effect":
                await self._end(site, part)
            steps[part] = time.monotonic_ns()
        return {"steps": steps}

    async def _end(self, site: str, part: str) -> None:
        if part == "processes":
            await self.supervisor.kill_site(site)
        else:
            interface = "private" if part == "private-link" else "public"
            self.links_down[site].add(interface)
            await asyncio.to_thread(set_interface, site, interface, up=False)

    async def heal(self, request: dict[str, Any]) -> Answer:
        site = _site(request)
        self.healing.add(site)
        try:
            if self.options.defect != "undo-without-effect":
                await self._heal(site)
        finally:
            self.healing.discard(site)
            self.healed_ns[site] = time.monotonic_ns()
        return {"t_ns": self.healed_ns[site]}

    async def _heal(self, site: str) -> None:
        if self.supervisor.site_alive(site):
            await system.quiesce_site(self.supervisor, site)
        self.fenced.discard(site)
        self.links_down[site].clear()
        self.without_volume = {each for each in self.without_volume if each[0] != site}
        for interface in _LINKS:
            await asyncio.to_thread(set_interface, site, interface, up=True)
        if not self.supervisor.site_alive(site):
            await self.supervisor.open_site(site)
        await system.heal_site(self.supervisor, site)
        for each in SITES:
            if self.supervisor.site_alive(each):
                await hand_over.forward(each, on=False)

    async def fence(self, request: dict[str, Any]) -> Answer:
        """What a provider's API does out of band: the site, or a cluster's volume alone, is cut off, whatever runs in it."""
        site, cluster = _site(request), request.get("cluster", MAIN.name)
        by = str(request.get("by", ""))
        if (
            by in self.fenced
            or (by, cluster) in self.without_volume
            or len(self.links_down.get(by, set())) == len(_LINKS)
        ):
            raise Refused(f"fence {site}: {by} is cut off itself")
        # what was seen before the site came back is no reason to cut it off again
        if site in self.healing or int(request.get("dead_since_ns", time.monotonic_ns())) < self.healed_ns.get(site, 0):
            raise Refused(f"fence {site}: it has come back since it was seen dead")
        if cluster == TOOLS.name:
            await tools.cut_off(self.supervisor, site)
            return {"t_ns": time.monotonic_ns()}
        if request.get("volume_only"):
            self.without_volume.add((site, cluster))
            await system.take_volume(self.supervisor, site)
            return {"t_ns": time.monotonic_ns()}
        if site not in self.fenced:
            self.fenced.add(site)
            for interface in _LINKS:
                await asyncio.to_thread(set_interface, site, interface, up=False)
        return {"t_ns": time.monotonic_ns()}

    async def link(self, request: dict[str, Any]) -> Answer:
        name, state = request.get("name", PRIVATE_LINK), request["state"]
        if name != PRIVATE_LINK or state not in _PASSING:
            raise Refused(f"link {name!r} {state!r}: the link is {PRIVATE_LINK!r}, states are {', '.join(_PASSING)}")
        there, back = _PASSING[state]
        more_ms = _number(request, "more_ms", 0, _SLOWEST_MS) if state == "slow" else 0
        await self.links.set_passing(name, a_to_b=there, b_to_a=back)
        await self.links.set_delay(name, self.calibration[name]["set_ms"] + more_ms)
        self.link_state = state
        return {"t_ns": time.monotonic_ns()}

    async def round_trip(self, _: dict[str, Any]) -> Answer:
        """Over the private link, measured now; none: nothing comes back."""
        try:
            trip = round(await round_trip_ms(PRIVATE_LINK, rounds=1), 3)
        except OSError:  # no answer in time, or the interface is down
            trip = None
        return {"round_trip_ms": trip, "t_ns": time.monotonic_ns()}

    async def takeover(self, request: dict[str, Any]) -> Answer:
        return await system.takeover(self.supervisor, _site(request), request.get("step"))

    async def takeover_mode(self, request: dict[str, Any]) -> Answer:
        if request["mode"] not in ("perform", "observe"):
            raise Refused(f"mode {request['mode']!r}: perform or observe")
        await system.set_takeover_mode(self.supervisor, request["mode"])
        return {"mode": request["mode"]}

    async def hand_over(self, request: dict[str, Any]) -> Answer:
        return await hand_over.hand_over(self.supervisor, _site(request))

    async def demote(self, request: dict[str, Any]) -> Answer:
        await hand_over.demote(self.supervisor, _site(request))
        return {"t_ns": time.monotonic_ns()}

    async def follow(self, request: dict[str, Any]) -> Answer:
        await hand_over.follow(self.supervisor, _site(request))
        return {"t_ns": time.monotonic_ns()}

    async def forward(self, request: dict[str, Any]) -> Answer:
        await hand_over.forward(_site(request), on=_one_of(request, "state", ("on", "off")) == "on")
        return {"t_ns": time.monotonic_ns()}

    async def deliveries(self, _: dict[str, Any]) -> Answer:
        return {
            "deliveries": [
                {"channel": channel, **line}
                for channel in ONCALL
                for line in read_lines(deliveries(self.options, channel))
            ]
        }

    async def monitors_link(self, request: dict[str, Any]) -> Answer:
        """The network of a site's monitors: up, or down."""
        zone, state = monitors_zone(_site(request)), _one_of(request, "state", ("up", "down"))
        await asyncio.to_thread(set_interface, zone, "public", up=state == "up")
        return {"t_ns": time.monotonic_ns()}

    async def service(self, request: dict[str, Any]) -> Answer:
        """A process by name: into a state, or (without one) how it is. killed: as it is afterwards, and who it was."""
        name, more = str(request["name"]), {}
        if request.get("state") == "killed":
            more["killed"] = await self.supervisor.kill(name)
        elif "state" in request:
            await self.supervisor.set_state(name, _one_of(request, "state", ("running", "stopped", "frozen")))
        state, pid = self.supervisor.state(name), self.supervisor.pid(name)
        return {"state": state, "pid": pid, **more, "t_ns": time.monotonic_ns()}

    async def uploads(self, request: dict[str, Any]) -> Answer:
        """Whether a site's service may write: set it, or (without a state) see it."""
        site = _site(request)
        if "state" in request:
            await system.set_uploads(self.supervisor, site, _one_of(request, "state", ("taken", "refused")))
        return {**await system.uploads(self.supervisor, site), "t_ns": time.monotonic_ns()}

    async def rules(self, request: dict[str, Any]) -> Answer:
        """Have every Prometheus evaluate the rules of that file, under that name."""
        prometheus.write_rules(self.options, str(request["name"]), Path(request["file"]))
        return {
            "reloaded": [site for site in tools.sites(self.options) if self.supervisor.reload(prometheus.name(site))]
        }

    async def contacts(self, _: dict[str, Any]) -> Answer:
        return await contacts.read(self.options)

    async def journal(self, _: dict[str, Any]) -> Answer:
        return {"steps": journal.read(self.options.state)}

    async def readback(self, request: dict[str, Any]) -> Answer:
        return await system.readback(self.supervisor, _site(request), Path(request["file"]))

    async def telemetry(self, request: dict[str, Any]) -> Answer:
        return await system.telemetry(self.supervisor, _site(request), request["sink"], Path(request["file"]))

    async def services(self, request: dict[str, Any]) -> Answer:
        site = _site(request)
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


def _site(request: dict[str, Any]) -> str:
    site = request["site"]
    if site not in SITES:
        raise Refused(f"site {site!r}: there are {', '.join(SITES)}")
    return str(site)


def _number(request: dict[str, Any], key: str, least: float, most: float) -> float:
    value = request[key]
    if not isinstance(value, int | float) or not least <= value <= most:
        raise Refused(f"{key} {value!r}: must be a number from {least:g} to {most:g}")
    return float(value)


def _one_of(request: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    if request[key] not in allowed:
        raise Refused(f"{key} {request[key]!r}: there are {', '.join(allowed)}")
    return str(request[key])


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
        server = await serve(Path("control.sock"), lab.calls(), (ServiceFailed, OSError, asyncpg.PostgresError))
        leads = gates(options)
        doors = [await open_gate(leads[name], socket.socket(fileno=fd)) for name, fd in listeners.items()]
    except Exception as error:
        _say(ready, {"ok": False, "error": " ".join(f"{error}".split()) or type(error).__name__})
        raise
    holders = await lab.supervisor.holders(("patients", "witness", *SITES, *map(monitors_zone, SITES)))
    _say(ready, {"ok": True, "holders": holders, "up_s": round(time.monotonic() - lab.started, 3)})
    await ended
    server.close()
    for door in doors:
        door.close()
    await lab.supervisor.stop_all()
    return 0


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
