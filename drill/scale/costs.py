"""What one worker and the checker cost: measured, as data (``measured.json``), with when and on what it was measured.

``python -m drill.scale measure`` writes such a file. Two of its points give the costs that the simulation works with
(`calibrate`); the others are there to be predicted (`drill.scale.agreement`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MEASURED = Path(__file__).with_name("measured.json")
# once for each upload; the first three only where the connection is new
_DIALLED = ("dial", "hello", "finish")
_ALWAYS = ("prepare", "answer", "take", "write")


class BadCosts(ValueError):
    """A file of costs that cannot be used: names file, key, and what is wrong."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Machine(_Data):
    """Where it was measured. No names."""

    cores: int
    cpu: str
    memory_gb: float
    system: str
    python: str


class Part(_Data):
    """One part of a sender (`drill.scale.worker`): calls, mean processor time, mean wall time without interruptions (s)."""

    calls: int
    cpu_s: float
    wall_s: float


class Parts(_Data):
    """A worker's thread over `lasted_s`. Distributions are 201 quantiles.

    second_waits_s   what the work of each second waited for: the disk (fsync)
    interruptions_s  by how much parts took longer than their processor time, `interruptions` of them in `busy_s` of work
    late_s           how much later than asked a wait ended that nothing ended (the kernel rounds up to milliseconds)
    """

    parts: dict[str, Part]
    second_waits_s: list[float]
    interruptions: int
    interruptions_s: list[float]
    busy_s: float
    late_s: list[float]
    polls: int
    events: int
    cpu_s: float
    lasted_s: float
    built_s: float


class Point(_Data):
    """One measured point of a worker (`drill.scale.generator.measure`)."""

    rate: float
    lasted_s: float
    attempts: int
    cpu_ms: float
    utilisation: float
    lag_p50_ms: float
    lag_p99_ms: float
    in_flight: float
    fds: float
    fds_most: int
    connections: float
    connections_most: int
    time_wait: int
    history_bytes: float
    compact_us: float
    rss_mb: float
    peak_mb: float
    built_s: float
    connect_ms: float
    answer_ms: float
    per_second: list[int]
    parts: Parts


class Outage(_Data):
    """A point during which the service was dark, `at_s` after the start for `lasts_s`."""

    at_s: float
    lasts_s: float
    point: Point


class Fleet(_Data):
    """A worker of a big fleet: the first of `workers`. Peak memory while it computed its schedule, resident afterwards."""

    patients: int
    workers: int
    rate: float
    built_s: float
    peak_mb: float
    rss_mb: float


class Checking(_Data):
    """A run of so many rows judged."""

    rows: int
    seconds: float
    memory_mb: float


class Measured(_Data):
    """All of it.

    rounds     points of the same rates, one round after the other
    preceded   worker and peer went before all else on their machine
    delay_ms   the peer's before it answered
    """

    schema_: Literal["zweitherz/scale/1"] = Field("zweitherz/scale/1", alias="schema")
    date: str
    machine: Machine
    preceded: bool
    delay_ms: float
    rounds: list[list[Point]]
    outages: list[Outage]
    fleets: list[Fleet]
    checking: list[Checking]
    overdue_us: float


@dataclass(frozen=True)
class Costs:
    """What the simulation spends. Seconds of one thread.

    cpu, wall        by part: ``second``, ``frame``, ``poll``, ``drop``; the others for each upload
    busy, chill      the thread's share of time at work when that was measured; at a share of `busy` / n everything takes
                     1 + `chill` (n - 1) times as long (who rests finds his caches cold: measured, not explained further)
    rests            the least share that was measured; a thread that rests more is as slow as at that
    second_each_s    the work of each second, for each upload in it
    overdue_s        the work of each frame, for each device that has something waiting
    shake_s          the service's part of a handshake, and the ways of the loopback
    unseen_s         what passes until an upload is dispatched and no part shows, when the thread is as busy as `busy`; and
    unseen_rest_s    how much more for every 1.0 that it is less (both fitted: `drill.scale.agreement.costs_of`)
    interrupted      interruptions in a second of work; their lengths, as quantiles
    """

    cpu: dict[str, float]
    wall: dict[str, float]
    busy: float
    chill: float
    rests: float
    second_each_s: float
    overdue_s: float
    interrupted: float
    interruptions_s: tuple[float, ...]
    late_s: tuple[float, ...]
    second_waits_s: tuple[float, ...]
    shake_s: float
    unseen_s: float = 0.0
    unseen_rest_s: float = 0.0


def read(path: Path = MEASURED) -> Measured:
    """Raises BadCosts."""
    try:
        return Measured.model_validate(json.loads(path.read_bytes()))
    except OSError as error:
        raise BadCosts(f"{path}: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            raise BadCosts(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        raise BadCosts(f"{path}: no JSON: {error}") from None


def calibrate(low: Point, high: Point, overdue_us: float) -> Costs:
    """Costs from two points of different rates: `high` for what an upload costs, both for what rest costs, and each second."""
    cpu, wall = _each(high)
    slope = (_cpu_second(high) - _cpu_second(low)) / (_rate(high) - _rate(low))
    slope = max(0.0, min(slope, _cpu_second(high) / _rate(high)))
    cpu["second"] = wall["second"] = max(0.0, _cpu_second(high) - slope * _rate(high))
    rest = high.utilisation / low.utilisation - 1
    return Costs(
        cpu=cpu,
        wall=wall,
        busy=high.utilisation,
        chill=max(0.0, low.parts.cpu_s / _expected_s(low, cpu, slope) - 1) / rest if rest > 0 else 0.0,
        rests=low.utilisation,
        second_each_s=slope,
        overdue_s=overdue_us / 1e6,
        interrupted=high.parts.interruptions / high.parts.busy_s,
        interruptions_s=tuple(high.parts.interruptions_s),
        late_s=tuple(low.parts.late_s),
        second_waits_s=tuple(high.parts.second_waits_s),
        shake_s=_shake_s(low),
    )


def _expected_s(point: Point, cpu: dict[str, float], second_each_s: float) -> float:
    """What a point would have taken if each part cost so much: its own calls and waits, at these costs."""
    parts = point.parts.parts
    always = sum(cpu[name] for name in (*_ALWAYS, "record", "begin"))
    return (
        parts["prepare"].calls * (always + second_each_s)
        + parts["dial"].calls * sum(cpu[name] for name in _DIALLED)
        + point.parts.polls * cpu["poll"]
        + parts["frame"].calls * cpu["frame"]
        + parts["second"].calls * cpu["second"]
    )


def _shake_s(point: Point) -> float:
    """What a handshake takes beyond the worker's own part of it."""
    _, wall = _each(point)
    return max(
        0.0,
        point.connect_ms / 1000 - sum(wall[name] for name in ("prepare", "record", "begin", "dial", "hello", "finish")),
    )


def _each(point: Point) -> tuple[dict[str, float], dict[str, float]]:
    parts = point.parts.parts
    uploads, dialled = parts["prepare"].calls, parts["dial"].calls
    cpu, wall = dict[str, float](), dict[str, float]()
    for names, count in ((_ALWAYS, uploads), (_DIALLED, dialled)):
        for name in names:
            part = parts[name]
            cpu[name], wall[name] = part.cpu_s * part.calls / count, part.wall_s * part.calls / count
    # a batch is timed with the uploads that it prepares; of the rest, half is the record made of each before the next is
    # prepared, half (history, DNS query) comes when all are: the halves are a guess, their sum is measured
    begin, prepare = parts["begin"], parts["prepare"]
    rest = max(0.0, begin.cpu_s * begin.calls - prepare.cpu_s * prepare.calls) / uploads
    for name in ("record", "begin"):
        cpu[name] = wall[name] = rest / 2
    known = sum(part.cpu_s * part.calls for name, part in parts.items() if name not in ("prepare", "drop", "other"))
    cpu["poll"] = wall["poll"] = max(0.0, point.parts.cpu_s - known) / point.parts.polls
    cpu["frame"] = wall["frame"] = parts["frame"].cpu_s
    cpu["drop"] = wall["drop"] = cpu["answer"] / 2  # closing; looked at no further
    return cpu, wall


def _cpu_second(point: Point) -> float:
    return point.parts.parts["second"].cpu_s


def _rate(point: Point) -> float:
    return point.attempts / point.lasted_s
