"""Makes the zones and the links between them (picture in `lab.model`)."""

from __future__ import annotations

from dataclasses import dataclass

from pyroute2 import IPRoute

from lab import model
from lab.net.namespace import FOLDER, make, routing, set_sysctl

ZONES = ("internet", "wire", "dns", "patients", "witness", *model.SITES, *map(model.monitors_zone, model.SITES))
PRIVATE_LINK = "private"


@dataclass(frozen=True)
class Leg:
    """One end of a link: an interface in a zone, with its address."""

    zone: str
    interface: str
    address: str
    prefix: int = 24
    gateway: str | None = None
    more_addresses: tuple[str, ...] = ()


def _router(address: str) -> str:
    return address.rsplit(".", 1)[0] + ".1"


def legs() -> dict[str, tuple[Leg, Leg]]:
    """Every link by name: the zone's end and the router's end (or the two sites' ends of the private link)."""
    links: dict[str, tuple[Leg, Leg]] = {}
    for site in model.SITES:
        public = model.PUBLIC[site]
        links[site] = (
            Leg(site, "public", public, gateway=_router(public), more_addresses=(model.TOOLS_PUBLIC[site],)),
            Leg("internet", site, _router(public)),
        )
    servers = [
        *model.AUTHORITATIVE.values(),
        *model.RESOLVERS.values(),
        *(address for _, address in model.ONCALL.values()),
        model.ABROAD[1],
        model.STRANGER,
    ]
    links["dns"] = (
        Leg("dns", "public", servers[0], gateway=_router(servers[0]), more_addresses=tuple(servers[1:])),
        Leg("internet", "dns", _router(servers[0])),
    )
    links["witness"] = (
        Leg("witness", "public", model.WITNESS, gateway=_router(model.WITNESS)),
        Leg("internet", "witness", _router(model.WITNESS)),
    )
    for distance, source in model.PATIENTS.items():
        links[distance] = (
            Leg("patients", distance, source, gateway=_router(source)),
            Leg("internet", distance, _router(source)),
        )
    for site, address in model.MONITORS.items():
        zone = model.monitors_zone(site)
        links[zone] = (Leg(zone, "public", address, gateway=_router(address)), Leg(site, "monitors", _router(address)))
    first, second = model.SITES
    links[PRIVATE_LINK] = (
        Leg(first, PRIVATE_LINK, model.PRIVATE[first]),
        Leg(second, PRIVATE_LINK, model.PRIVATE[second]),
    )
    return links


# where services of the lab listen, with room for more
_OF_SERVICES = "5432-5433,8441-8470,9090-9099,9101,9187,9441-9470,9500,9600"

DELAYED = (*model.PATIENTS, PRIVATE_LINK)


def make_zones() -> None:
    """One network namespace per zone."""
    FOLDER.mkdir(parents=True)
    for zone in ZONES:
        make(zone)
        with routing(zone) as route:
            route.link("set", index=1, state="up")
        set_sysctl(zone, "net/ipv4/ip_unprivileged_port_start", "0")
        set_sysctl(zone, "net/ipv4/ip_local_port_range", "1025 65000")
        # else a connection that happens to leave from such a port keeps its service from starting
        set_sysctl(zone, "net/ipv4/ip_local_reserved_ports", _OF_SERVICES)
    for zone in ("internet", *model.SITES):
        set_sysctl(zone, "net/ipv4/ip_forward", "1")
    set_sysctl("patients", "net/ipv4/tcp_tw_reuse", "1")


def make_links(*, through_wire: bool) -> None:
    """All veth pairs, addresses and routes. With `through_wire`, delayed links pass the zone of the wire."""
    with IPRoute() as route:
        for name, (one, other) in legs().items():
            if through_wire and name in DELAYED:
                _veth(route, one.zone, one.interface, "wire", f"{name}-a")
                _veth(route, other.zone, other.interface, "wire", f"{name}-b")
            else:
                _veth(route, one.zone, one.interface, other.zone, other.interface)
    if through_wire:
        with routing("wire") as route:
            for link in route.get_links():
                route.link("set", index=link["index"], state="up")
    for name, pair in legs().items():
        for leg in pair:
            _set_up(leg, policy_table=_table(name) if leg.zone == "patients" else None)
    with routing("internet") as route:
        for site in model.SITES:
            # a dead site answers nothing, not even "unreachable": patients see time-outs, as in real life
            net = _router(model.PUBLIC[site]).removesuffix(".1") + ".0/24"
            route.route("add", dst=net, type="blackhole", priority=1000)
            monitors = _router(model.MONITORS[site]).removesuffix(".1") + ".0/24"
            route.route("add", dst=monitors, gateway=model.PUBLIC[site])


def set_interface(zone: str, interface: str, *, up: bool) -> None:
    """Take an interface down or up again; its default route vanishes with it and is put back."""
    leg = next(leg for pair in legs().values() for leg in pair if (leg.zone, leg.interface) == (zone, interface))
    with routing(zone) as route:
        index = route.link_lookup(ifname=interface)[0]
        route.link("set", index=index, state="up" if up else "down")
        if up and leg.gateway and zone != "patients":
            route.route("replace", dst="0.0.0.0/0", gateway=leg.gateway, oif=index)


def _veth(route: IPRoute, zone: str, name: str, peer_zone: str, peer: str) -> None:
    route.link("add", ifname=name, kind="veth", net_ns_fd=zone, peer={"ifname": peer, "net_ns_fd": peer_zone}, mtu=1500)


def _table(distance: str) -> int:
    return 101 + list(model.PATIENTS).index(distance)


def _set_up(leg: Leg, policy_table: int | None) -> None:
    with routing(leg.zone) as route:
        index = route.link_lookup(ifname=leg.interface)[0]
        for address in (leg.address, *leg.more_addresses):
            route.addr("add", index=index, address=address, prefixlen=leg.prefix)
        route.link("set", index=index, state="up")
        if policy_table is not None:
            # the source address chooses the distance class
            route.rule("add", src=f"{leg.address}/32", table=policy_table, priority=policy_table)
            route.route("add", dst="0.0.0.0/0", gateway=leg.gateway, oif=index, table=policy_table)
            if policy_table == _table(next(iter(model.PATIENTS))):
                route.route("add", dst="0.0.0.0/0", gateway=leg.gateway, oif=index)
        elif leg.gateway:
            route.route("add", dst="0.0.0.0/0", gateway=leg.gateway, oif=index)
