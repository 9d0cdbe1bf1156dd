"""Delays and cuts of the lab's links, by netem or by the wire: one interface, two ways.

`calibrate` measures every delayed link with real round trips and corrects the delay for what the machine adds, so that
a report can say what was asked, what was measured and how.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import statistics
import struct
import sys
import time
from collections.abc import Mapping
from typing import Protocol

from pyroute2 import IPRoute, NetlinkError

from lab.model import ServiceFailed
from lab.net.namespace import FOLDER, inside, routing, socket_in
from lab.net.topology import legs

_CLOSED_PORT = 9  # "discard": nobody listens, so a connect is answered by a reset after exactly one round trip
_ROUNDS = 7
_AT_ONCE = 200  # round trips: each holds a file descriptor
_SENT_AGAIN_S = 1.5  # by then what was lost has been sent again
_SENT_AGAIN = struct.Struct("100xI")  # tcpi_total_retrans of the kernel's struct tcp_info


class Links(Protocol):
    """What the lab does to links. Delays are one way, in milliseconds; losses are shares, from 0 to 1."""

    kind: str

    async def start(self, delays_ms: Mapping[str, float]) -> None: ...

    async def set_delay(self, name: str, *, a_to_b_ms: float, b_to_a_ms: float) -> None: ...

    async def set_passing(self, name: str, *, a_to_b: bool, b_to_a: bool) -> None: ...

    async def set_loss(self, name: str, *, a_to_b: float, b_to_a: float) -> None: ...


def netem_works() -> bool:
    """True when this kernel has the netem queue and lets us use it (tried in the zone `wire`)."""
    with inside("wire"):
        return netem_works_here()


def netem_works_here() -> bool:
    """The same in the network namespace of this process; leaves nothing behind."""
    with IPRoute() as route:
        route.link("add", ifname="probe", kind="veth", peer={"ifname": "probe-peer"})
        index = route.link_lookup(ifname="probe")[0]
        try:
            route.tc("add", "netem", index, "1:", delay=1000)
        except NetlinkError:
            return False
        else:
            return True
        finally:
            route.link("del", index=index)


class NetemLinks:
    """Delays by the kernel's netem on both ends of each link."""

    kind = "netem"

    def __init__(self) -> None:
        self._delays: dict[str, tuple[float, float]] = {}
        self._passing: dict[str, tuple[bool, bool]] = {}
        self._loss: dict[str, tuple[float, float]] = {}

    async def start(self, delays_ms: Mapping[str, float]) -> None:
        for name, delay in delays_ms.items():
            self._delays[name], self._passing[name], self._loss[name] = (delay, delay), (True, True), (0, 0)
            await asyncio.to_thread(self._apply, name, "add")

    async def set_delay(self, name: str, *, a_to_b_ms: float, b_to_a_ms: float) -> None:
        self._delays[name] = (a_to_b_ms, b_to_a_ms)
        await asyncio.to_thread(self._apply, name, "change")

    async def set_passing(self, name: str, *, a_to_b: bool, b_to_a: bool) -> None:
        self._passing[name] = (a_to_b, b_to_a)
        await asyncio.to_thread(self._apply, name, "change")

    async def set_loss(self, name: str, *, a_to_b: float, b_to_a: float) -> None:
        self._loss[name] = (a_to_b, b_to_a)
        await asyncio.to_thread(self._apply, name, "change")

    def _apply(self, name: str, verb: str) -> None:
        ways = zip(legs()[name], self._passing[name], self._loss[name], self._delays[name], strict=True)
        for leg, passing, share, delay_ms in ways:
            with routing(leg.zone) as route:
                index = route.link_lookup(ifname=leg.interface)[0]
                loss = share * 100 if passing else 100
                route.tc(verb, "netem", index, "1:", delay=int(delay_ms * 1000), loss=loss, limit=100_000)


class WireLinks:
    """Delays by a process of ours (`lab.net.wire`)."""

    kind = "user-space wire"

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._order = asyncio.Lock()

    async def start(self, delays_ms: Mapping[str, float]) -> None:
        arguments = [f"{name}={delay}" for name, delay in delays_ms.items()]
        self._process = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net={FOLDER / 'wire'}", sys.executable, "-m", "lab.net.wire", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._answer()

    async def set_delay(self, name: str, *, a_to_b_ms: float, b_to_a_ms: float) -> None:
        await self._say({"link": name, "a_to_b_ms": a_to_b_ms, "b_to_a_ms": b_to_a_ms})

    async def set_passing(self, name: str, *, a_to_b: bool, b_to_a: bool) -> None:
        await self._say({"link": name, "a_to_b": a_to_b, "b_to_a": b_to_a})

    async def set_loss(self, name: str, *, a_to_b: float, b_to_a: float) -> None:
        await self._say({"link": name, "a_to_b_loss": a_to_b, "b_to_a_loss": b_to_a})

    async def _say(self, order: Mapping[str, object]) -> None:
        if self._process is None or self._process.stdin is None:
            raise ServiceFailed("wire: not started")
        async with self._order:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
            await self._answer()

    async def _answer(self) -> None:
        if self._process is None or self._process.stdout is None:
            raise ServiceFailed("wire: not started")
        line = await asyncio.wait_for(self._process.stdout.readline(), 10)
        if not line:
            raise ServiceFailed(f"wire: ended with code {await self._process.wait()}")


async def round_trip_ms(name: str, rounds: int = _ROUNDS) -> float:
    """Median round trip over a link: a connect to a closed port, answered by a reset."""
    near, far = legs()[name]
    taken = []
    for _ in range(rounds):
        probe = socket_in(near.zone)
        with probe:
            probe.bind((near.address, 0))
            started = time.monotonic_ns()
            try:
                await asyncio.wait_for(asyncio.get_running_loop().sock_connect(probe, (far.address, _CLOSED_PORT)), 5)
            except ConnectionRefusedError:
                taken.append((time.monotonic_ns() - started) / 1e6)
    if not taken:
        raise ServiceFailed(f"link {name}: no round trip measured in {rounds} attempts")
    return statistics.median(taken)


async def lost_share(name: str, rounds: int) -> float:
    """Share of so many round trips over a link whose first packet, or the answer to it, was lost."""
    lost = 0
    for first in range(0, rounds, _AT_ONCE):
        together = range(min(_AT_ONCE, rounds - first))
        lost += sum(await asyncio.gather(*(_is_lost(name) for _ in together)))
    return lost / rounds


async def _is_lost(name: str) -> bool:
    """As the kernel has counted it, which sends a lost one again after a second: that nobody here looked in time is no loss."""
    near, far = legs()[name]
    with socket_in(near.zone) as probe:
        probe.bind((near.address, 0))
        connecting = asyncio.get_running_loop().sock_connect(probe, (far.address, _CLOSED_PORT))
        with contextlib.suppress(ConnectionRefusedError, TimeoutError):
            await asyncio.wait_for(connecting, _SENT_AGAIN_S)
        told = probe.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SENT_AGAIN.size)
        (sent_again,) = _SENT_AGAIN.unpack(told)
        return bool(sent_again)


def corrected_ms(asked_ms: float, measured_ms: float) -> float:
    """What to set so that a link whose own path costs something too comes to what was asked. All one way.

    A surplus of more than half is not the path, it is a machine that was busy at that moment: nothing is corrected by it.
    """
    surplus = measured_ms - asked_ms
    return asked_ms - surplus if abs(surplus) <= asked_ms / 2 else asked_ms


async def calibrate(links: Links, delays_ms: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Measure each link, correct it once, measure again. Per link: asked, set and measured, one way, in milliseconds."""
    first = dict(zip(delays_ms, await asyncio.gather(*map(round_trip_ms, delays_ms)), strict=True))
    corrected = {name: corrected_ms(asked, first[name] / 2) for name, asked in delays_ms.items()}
    for name, delay in corrected.items():
        await links.set_delay(name, a_to_b_ms=delay, b_to_a_ms=delay)
    second = await asyncio.gather(*map(round_trip_ms, delays_ms))
    return {
        name: {"asked_ms": asked, "set_ms": corrected[name], "measured_ms": round(trip / 2, 3)}
        for (name, asked), trip in zip(delays_ms.items(), second, strict=True)
    }
