"""A lease that is not renewed ends by itself, whatever happened to the ones before it, and whatever the mending ends with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from lab.lease import Lease

_STUCK_S = 30  # a lease that works has lapsed after its second


async def _mended() -> list[str]:
    return ["heal gra"]


async def _lapse(lease: Lease) -> None:
    async with asyncio.timeout(_STUCK_S):
        while not lease.lapsed:
            await asyncio.sleep(0.01)


def test_what_is_not_renewed_lapses_once_and_says_what_was_mended() -> None:
    async def scenario() -> Lease:
        lease = Lease(_mended)
        await lease.lease({"holder": "drill", "ttl_s": 1})
        await _lapse(lease)
        return lease

    lease = asyncio.run(scenario())
    assert [(each["holder"], each["mended"]) for each in lease.lapsed] == [("drill", ["heal gra"])]


@pytest.mark.parametrize("release", [True, False])
def test_a_long_lease_before_it_is_not_waited_for(release: bool) -> None:
    async def scenario() -> Lease:
        lease = Lease(_mended)
        await lease.lease({"holder": "long", "ttl_s": 3600})
        await asyncio.sleep(0)  # its watch has begun to wait
        if release:
            await lease.lease({"release": True})
        await lease.lease({"holder": "short", "ttl_s": 1})
        await _lapse(lease)
        return lease

    assert [each["holder"] for each in asyncio.run(scenario()).lapsed] == ["short"]


def test_what_is_given_back_never_lapses() -> None:
    async def scenario() -> Lease:
        lease = Lease(_mended)
        await lease.lease({"holder": "drill", "ttl_s": 3600})
        await asyncio.sleep(0)
        await lease.lease({"release": True})
        async with asyncio.timeout(_STUCK_S):
            while len(asyncio.all_tasks()) > 1:  # its watch ends at once, and not after an hour
                await asyncio.sleep(0.01)
        return lease

    assert asyncio.run(scenario()).lapsed == []


def _raising(error: Exception) -> Callable[[], Awaitable[list[str]]]:
    async def mend() -> list[str]:
        raise error

    return mend


def test_it_is_over_also_when_the_mending_fails_and_the_next_one_is_watched(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> Lease:
        lease = Lease(_raising(ZeroDivisionError("of ours")))
        for holder in ("first", "second"):
            lapsed = len(lease.lapsed)
            await lease.lease({"holder": holder, "ttl_s": 1})
            async with asyncio.timeout(_STUCK_S):
                while len(lease.lapsed) == lapsed:
                    await asyncio.sleep(0.01)
        return lease

    lease = asyncio.run(scenario())
    assert [(each["holder"], each["mended"]) for each in lease.lapsed] == [
        ("first", ["failed: of ours"]),
        ("second", ["failed: of ours"]),
    ]
    assert "ZeroDivisionError: of ours" in capsys.readouterr().err
