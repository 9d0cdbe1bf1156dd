"""What the provider of both data centres does on order: sites and links die, come back, are cut off.

It stands outside both sites, and serves one order after the other: of two sites that have each other cut off, one wins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from lab import system, tools
from lab.clusters import MAIN, TOOLS
from lab.control import Answer, Refused, number_of, one_of, site_of
from lab.model import SITES, Options, monitors_zone
from lab.net.links import Links, WireLinks, calibrate, lost_share, round_trip_ms
from lab.net.topology import PRIVATE_LINK, set_interface
from lab.services import haproxy
from lab.supervisor import ZoneSupervisor

_PARTS = ("private-link", "public-link", "processes")
_LINKS = ("public", "private")  # of a site: without both, it reaches nobody, the provider's interface neither
_PASSING = {"up": (True, True), "down": (False, False), "one-way": (True, False)}
_PASSING |= dict.fromkeys(("slow", "lossy"), (True, True))
SLOWEST_MS = 2000
_MOST_ROUNDS = 10_000
ROLLING_DISASTER_S = 1.5  # defect lose-last-second: the private link goes that long before the rest


class Impaired(NamedTuple):
    """What happens to packets one way: each is so much later, and that share of them is lost."""

    more_ms: float = 0
    loss: float = 0


SOUND = Impaired()


class Provider:
    """Knows what it has taken from whom."""

    def __init__(self, options: Options, supervisor: ZoneSupervisor) -> None:
        self.options, self.supervisor = options, supervisor
        self.links: Links = WireLinks()
        self.calibration: dict[str, dict[str, float]] = {}
        self.fenced: set[str] = set()
        self.healing: set[str] = set()
        self.healed_ns: dict[str, int] = {}
        self.links_down: dict[str, set[str]] = {site: set() for site in SITES}
        self.without_volume: set[str] = set()  # of the main cluster
        self.denied: set[str] = set()  # sites whose traffic a policy denies
        self.link_state = "up"
        self.impaired = SOUND  # the private link, both ways, by the provider
        self.parted = dict.fromkeys(SITES, (True, True))  # what policies of a site let in and out of the private link
        self.impaired_from = dict.fromkeys(SITES, SOUND)  # what leaves a site by the private link, by chaos there

    async def connect(self, links: Links, delays_ms: Mapping[str, float]) -> None:
        """Take over links that have started, and measure them."""
        self.links, self.calibration = links, await calibrate(links, delays_ms)

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {
            "kill": self.kill,
            "heal": self.heal,
            "fence": self.fence,
            "traffic": self.traffic,
            "link": self.link,
            "round-trip": self.round_trip,
            "lost": self.lost,
            "monitors-link": self.monitors_link,
        }

    def status(self) -> Answer:
        """Sites and links as they are."""
        return {
            "sites": {
                site: {
                    "alive": self.supervisor.site_alive(site),
                    "fenced": site in self.fenced,
                    "linked": not self.links_down[site] and site not in self.denied,
                }
                for site in SITES
            },
            "links": {"kind": self.links.kind, "private": self._passing()[1], "delays": self.calibration},
        }

    async def kill(self, request: dict[str, Any]) -> Answer:
        site, order = site_of(request), request.get("order", list(_PARTS))
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
        site = site_of(request)
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
        self.denied.discard(site)
        self.without_volume.discard(site)
        await self.part(site, True, True)
        await self.impair(site, SOUND)
        for interface in _LINKS:
            await asyncio.to_thread(set_interface, site, interface, up=True)
        if not self.supervisor.site_alive(site):
            await self.supervisor.open_site(site)
        await system.heal_site(self.supervisor, site)
        for each in SITES:
            if self.supervisor.pid(haproxy.name(each)) is not None:
                await haproxy.forward(each, on=False)

    async def fence(self, request: dict[str, Any]) -> Answer:
        """What a provider's API does out of band: the site, or a cluster's volume alone, is cut off, whatever runs in it."""
        site, cluster = site_of(request), request.get("cluster", MAIN.name)
        by = str(request.get("by", ""))
        without_volume = cluster == MAIN.name and by in self.without_volume
        isolated = by in self.fenced or by in self.denied or self.links_down.get(by, set()) == set(_LINKS)
        if isolated or without_volume:
            raise Refused(f"fence {site}: {by} is cut off itself")
        # what was seen before the site came back is no reason to cut it off again
        if site in self.healing or int(request.get("dead_since_ns", time.monotonic_ns())) < self.healed_ns.get(site, 0):
            raise Refused(f"fence {site}: it has come back since it was seen dead")
        if cluster == TOOLS.name:
            await tools.cut_off(self.supervisor, site)
            return {"t_ns": time.monotonic_ns()}
        if request.get("volume_only"):
            self.without_volume.add(site)
            await system.take_volume(self.supervisor, site)
            return {"t_ns": time.monotonic_ns()}
        if site not in self.fenced:
            self.fenced.add(site)
            for interface in _LINKS:
                await asyncio.to_thread(set_interface, site, interface, up=False)
        return {"t_ns": time.monotonic_ns()}

    def cut_off(self, site: str) -> bool:
        """Whether the other site cannot be reached from there, for whatever reason."""
        return site in self.fenced or site in self.denied or "private" in self.links_down[site]

    async def traffic(self, request: dict[str, Any]) -> Answer:
        """All of a site's traffic: denied by a policy, or allowed; what was taken for another reason stays taken."""
        site, denied = site_of(request), one_of(request, "state", ("denied", "allowed")) == "denied"
        if denied != (site in self.denied):
            (self.denied.add if denied else self.denied.discard)(site)
            if site not in self.fenced:
                for interface in (each for each in _LINKS if each not in self.links_down[site]):
                    await asyncio.to_thread(set_interface, site, interface, up=not denied)
        return {"state": "denied" if denied else "allowed", "t_ns": time.monotonic_ns()}

    async def link(self, request: dict[str, Any]) -> Answer:
        name, state = request.get("name", PRIVATE_LINK), request["state"]
        if name != PRIVATE_LINK or state not in _PASSING:
            raise Refused(f"link {name!r} {state!r}: the link is {PRIVATE_LINK!r}, states are {', '.join(_PASSING)}")
        more_ms = number_of(request, "more_ms", 0, SLOWEST_MS) if state == "slow" else 0
        loss = number_of(request, "loss", 0, 1) if state == "lossy" else 0
        self.link_state, self.impaired = state, Impaired(more_ms, loss)
        await self._pass()
        await self._impair()
        return {"t_ns": time.monotonic_ns()}

    async def part(self, site: str, lets_in: bool, lets_out: bool) -> None:
        """What a site's policies let pass over the private link; what the provider has taken of it stays taken."""
        if self.parted[site] != (lets_in, lets_out):
            self.parted[site] = lets_in, lets_out
            await self._pass()

    async def impair(self, site: str, impaired: Impaired) -> None:
        """What leaves a site by the private link is late, or lost; what the provider has done to the link adds to it."""
        if self.impaired_from[site] != impaired:
            self.impaired_from[site] = impaired
            await self._impair()

    async def _impair(self) -> None:
        usual_ms, ours = self.calibration[PRIVATE_LINK]["set_ms"], self.impaired
        there, back = (usual_ms + ours.more_ms + self.impaired_from[site].more_ms for site in SITES)
        await self.links.set_delay(PRIVATE_LINK, a_to_b_ms=there, b_to_a_ms=back)
        # a packet arrives when neither of the two loses it
        there, back = (1 - (1 - ours.loss) * (1 - self.impaired_from[site].loss) for site in SITES)
        await self.links.set_loss(PRIVATE_LINK, a_to_b=there, b_to_a=back)

    async def _pass(self) -> None:
        (there, back), _ = self._passing()
        await self.links.set_passing(PRIVATE_LINK, a_to_b=there, b_to_a=back)

    def _passing(self) -> tuple[tuple[bool, bool], str]:
        """Whether the private link passes from the first site to the second, and back; and the word for it."""
        (first_in, first_out), (second_in, second_out) = (self.parted[site] for site in SITES)
        there, back = _PASSING[self.link_state]
        passing = there and first_out and second_in, back and second_out and first_in
        if not all(passing):
            return passing, "one-way" if any(passing) else "down"
        if any(each.loss for each in self.impaired_from.values()):
            return passing, "lossy"
        return passing, "slow" if any(each.more_ms for each in self.impaired_from.values()) else self.link_state

    async def round_trip(self, _: dict[str, Any]) -> Answer:
        """Over the private link, measured now; none: nothing comes back."""
        try:
            trip = round(await round_trip_ms(PRIVATE_LINK, rounds=1), 3)
        except OSError:  # no answer in time, or the interface is down
            trip = None
        return {"round_trip_ms": trip, "t_ns": time.monotonic_ns()}

    async def lost(self, request: dict[str, Any]) -> Answer:
        """Share of so many round trips over the private link that did not come back at the first attempt, measured now."""
        rounds = int(number_of(request, "rounds", 1, _MOST_ROUNDS))
        try:
            share = await lost_share(PRIVATE_LINK, rounds)
        except OSError:  # the interface is down
            share = 1.0
        return {"share": share, "t_ns": time.monotonic_ns()}

    async def monitors_link(self, request: dict[str, Any]) -> Answer:
        """The network of a site's monitors: up, or down."""
        zone, state = monitors_zone(site_of(request)), one_of(request, "state", ("up", "down"))
        await asyncio.to_thread(set_interface, zone, "public", up=state == "up")
        return {"t_ns": time.monotonic_ns()}
