"""Brings everything back that can be broken on order, by the orders that undo each single thing; harmless where nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from lab import model
from lab.control import Answer, Call, Refused
from lab.failures import FAILURES
from lab.model import SITES, Options

Order = tuple[str, dict[str, Any]]  # a call and its parameters, see targets.lab_control

_SAID_NO: tuple[type[Exception], ...] = (Refused, *FAILURES)
_TRIES = 4  # a database that starts up, or is being followed, says no for a while
_AGAIN_AFTER_S = 1.0


async def mend(options: Options, calls: Mapping[str, Call]) -> list[str]:
    """One line for each order that was carried out, or for why it was not; the others are carried out all the same."""
    done: list[str] = []
    broken = await _broken(calls, done)
    done += [await _carry_out(calls, order) for order in _first(options)]
    broken |= await _broken(calls, done)
    done += [await _carry_out(calls, ("heal", {"site": site})) for site in SITES if site in broken]
    try:
        orders = _afterwards(await _try(calls, "status", {}))
    except _SAID_NO as error:
        return [*done, _not_done("status", error)]
    return done + [await _carry_out(calls, order) for order in orders]


async def _broken(calls: Mapping[str, Call], done: list[str]) -> set[str]:
    """Sites that are to be healed; that nobody knows them is added to what was done.

    It is asked before anything is mended as well: a runbook that has seen a site lost by then gives it up a moment after the
    site is back, and is refused when it has been healed since.
    """
    try:
        return _sites(await _try(calls, "status", {}))
    except _SAID_NO as error:
        done.append(_not_done("status", error))
        return set()


async def _carry_out(calls: Mapping[str, Call], order: Order) -> str:
    do, parameters = order
    words = " ".join([do, *map(str, parameters.values())])
    try:
        await _try(calls, do, parameters)
    except _SAID_NO as error:
        return _not_done(words, error)
    return words


async def _try(calls: Mapping[str, Call], do: str, parameters: dict[str, Any]) -> Answer:
    """Its answer; what failed is tried again, what was refused would be refused again. Raises Refused, FAILURES."""
    for _ in range(_TRIES - 1):
        try:
            return await calls[do](parameters)
        except FAILURES:
            await asyncio.sleep(_AGAIN_AFTER_S)  # nobody tells when it would be taken
    return await calls[do](parameters)


def _not_done(words: str, error: Exception) -> str:
    return f"{words}: {' '.join(str(error).split()) or type(error).__name__}"


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


def _sites(status: Answer) -> set[str]:
    """Those that are dead, cut off from everything or from the primary, or lack a database."""
    databases = [status[cluster] for cluster in ("databases", "tools") if cluster in status]
    parted = status["links"]["private"] in ("down", "one-way")
    return {
        site
        for site, shown in status["sites"].items()
        if not shown["alive"]
        or shown["fenced"]
        or not shown["linked"]
        or any(each[site]["role"] == "down" for each in databases)
        or (parted and status["databases"][site]["role"] != "primary")
    }


def _afterwards(status: Answer) -> list[Order]:
    """What belongs to a site that runs."""
    databases = status["databases"]
    orders: list[Order] = [("mirroring", {"site": site, "state": "following"}) for site in SITES]
    orders += [("servers", {"site": site, "certificate": "valid"}) for site in status["deployed_otherwise"]]
    active = next((site for site in SITES if databases[site]["role"] == "primary"), None)
    if active is not None:
        orders.append(("uploads", {"site": active, "state": "taken"}))
        orders.append(("record", {"record": model.RECORD, "address": model.PUBLIC[active]}))
    return orders
