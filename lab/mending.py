"""Brings everything back that can be broken on order, by the orders that undo each single thing; harmless where nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab import model
from lab.control import Call, Refused
from lab.model import SITES, Options, ServiceFailed

Order = tuple[str, dict[str, Any]]  # a call and its parameters, see targets.lab_control


async def mend(options: Options, calls: Mapping[str, Call]) -> list[str]:
    """One line for each order that was carried out, or for why it was not; the others are carried out all the same."""
    done = []
    for order in (*_first(options), *await _sites(calls), *await _afterwards(calls)):
        do, parameters = order
        words = " ".join([do, *map(str, parameters.values())])
        try:
            await calls[do](parameters)
        except (Refused, ServiceFailed, OSError) as error:
            done.append(f"{words}: {' '.join(str(error).split())}")
            continue
        done.append(words)
    return done


def _first(options: Options) -> Iterator[Order]:
    """What stands in the way of everything else."""
    for site in SITES:
        if options.volume_mb:
            yield "volume", {"site": site, "state": "free"}
        yield "throttle", {"site": site, "share": 1}
        yield "monitors-link", {"site": site, "state": "up"}
        if options.kubernetes:
            yield "kubernetes", {"site": site}
            yield "api-server", {"site": site, "state": "running"}
    yield "link", {"state": "up"}
    for name in model.AUTHORITATIVE:
        yield "name-server", {"name": name, "state": "live"}
    yield "approvals", {"steps": []}
    yield "run-all", {}


async def _sites(calls: Mapping[str, Call]) -> list[Order]:
    """Sites that are dead, cut off, or have no database."""
    status = await calls["status"]({})
    return [
        ("heal", {"site": site})
        for site, shown in status["sites"].items()
        if not shown["alive"] or shown["fenced"] or not shown["linked"] or status["databases"][site]["role"] == "down"
    ]


async def _afterwards(calls: Mapping[str, Call]) -> list[Order]:
    """What belongs to a site that runs."""
    status = await calls["status"]({})
    databases = status["databases"]
    orders: list[Order] = [("mirroring", {"site": site, "state": "following"}) for site in SITES]
    orders += [("servers", {"site": site, "certificate": "valid"}) for site in status["deployed_otherwise"]]
    active = next((site for site in SITES if databases[site]["role"] == "primary"), None)
    if active is not None:
        orders.append(("uploads", {"site": active, "state": "taken"}))
        orders.append(("record", {"record": model.RECORD, "address": model.PUBLIC[active]}))
    return orders
