"""From patients to workers, cores, ports, file descriptors, history, memory, checker time.

One worker is simulated at one rate after the other: its capacity is the highest at which the p99 of its lag stays under the
limit, in steady load, or through an outage and the return of everybody. A fleet has so many workers as its rate asks for, and its
needs are theirs added up::

    workers        rate / capacity                          ports      connections of the busiest source address
    cores          processor time of all in a second        files      connections of a worker + its own
    history        attempts x bytes of an attempt           memory     a line in the number of patients, for each worker
    checker        lines in the number of attempts
"""

from __future__ import annotations

import bisect
import math
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np
from pydantic import ValidationError

from drill.scale.agreement import checking_curve, fleet_line, overall, own_fds
from drill.scale.costs import Costs, Measured
from drill.scale.generator import PERIOD_S
from drill.scale.outcome import Outcome
from drill.scale.simulation import Network, Outage, Worker
from loadtests.sender import MOST_IN_FLIGHT
from results.plan import Load, Plan, Population

PORTS = 60_999 - 32_768 + 1  # net.ipv4.ip_local_port_range as Linux has it, for each source and destination address
FILES = 1_048_576  # fs.nr_open as Linux has it: no hard limit is higher; some machines give far less
DRILL_S = 600
STARTED_S, STEADY_S, AFTER_S = 5, 25, 40  # of the simulated time: not looked at, steady, after an outage
# of the limit of lag p99: what was measured kept the limit at 300 uploads/s and broke it at 400; simulated, that is 11 and 15 ms
HEADROOM = 0.6
_SERVICE_S, _DNS_S = 0.02, 0.001
_SEEDS = 3
# rates that are tried, as shares of what would fill a thread: 7 % apart, the lowest 3 % of it
_STEPS = tuple(0.93**step for step in range(49))


class BadScale(ValueError):
    """Patients and rate that no plan can have: says why."""


@dataclass(frozen=True)
class Capacity:
    """What one worker carries: uploads a second, and how it does at that rate.

    utilisation   share of its thread, on average (steady) or in its worst second (through an outage)
    connections   open, on average (steady) or at most (through an outage); `in_flight` likewise
    attempts      for each upload that was due
    """

    rate: float
    lag_p99_ms: float
    utilisation: float
    cpu_ms: float
    connections: float
    in_flight: float
    attempts: float


@dataclass(frozen=True)
class Needs:
    """What a fleet needs, in steady load or through an outage. Numbers of the whole fleet unless they say worker."""

    patients: int
    rate: float
    outage_s: float
    workers: int
    worker_rate: float
    lag_p99_ms: float
    cores: float
    connections: int
    source_addresses: int
    worker_files: int
    worker_in_flight: int
    worker_peak_mb: float
    memory_gb: float
    schedule_s: float
    attempts: int
    history_gb: float
    table_s: float
    judge_s: float
    judge_mb: float
    limits: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:  # JSON values
        return asdict(self)


def plan_of(patients: int, rate: float, lasts_s: float, seed: int = 1) -> Plan:
    """The plan of a load. Raises BadScale."""
    try:
        plan = Plan(
            drill="scale",
            seed=seed,
            population=Population(patients=patients),
            load=Load(rate=rate),
            guards={"time_limit_s": lasts_s},
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise BadScale(f"--{first['loc'][-1]} {first['input']:g}: {first['msg']}") from None
    own = sum(each.share * patients / each.period_s for each in plan.load.classes if each.period_s)
    if own >= rate:
        raise BadScale(f"--rate {rate:g}: the classes with a period of their own need {own:g}/s")
    return plan


def capacity(
    measured: Measured,
    period_s: float,
    outage_s: float,
    *,
    limit_ms: float | None = None,
    costs: Costs | None = None,
    seed: int = 1,
) -> Capacity:
    """The most that one worker carries with lag p99 under the limit (default: `HEADROOM` of that of a plan's objectives).

    `outage_s` 0: steady load only. The rates tried are `steps` of what would fill the thread. Raises BadScale where even the
    lowest is too much.
    """
    costs = costs or overall(measured)
    limit = limit_ms if limit_ms is not None else Plan(drill="scale").objectives.lag_p99_ms * HEADROOM
    full = 1000 / median(point.cpu_ms for points in measured.rounds for point in points[1:])
    found: dict[int, Capacity] = {}

    def enough(step: int) -> bool:
        found[step] = one_worker(costs, full * _STEPS[step], period_s, outage_s, seed)
        return found[step].lag_p99_ms <= limit

    lowest = bisect.bisect_left(range(len(_STEPS)), True, key=enough)  # a lower rate is never later: by and large
    if lowest == len(_STEPS):
        last = found[lowest - 1]
        raise BadScale(f"no rate keeps lag p99 under {limit:g} ms: {last.lag_p99_ms:.1f} ms at {last.rate:.1f}/s")
    return found[lowest]


def one_worker(costs: Costs, rate: float, period_s: float, outage_s: float, seed: int = 1) -> Capacity:
    """Simulates one worker of a big fleet at that rate; steady load, which has fewer attempts, with three seeds together."""
    lasts_s = STARTED_S + STEADY_S + outage_s + (AFTER_S if outage_s else 0)
    dark = Outage(STARTED_S + STEADY_S, outage_s) if outage_s else None
    begin, end = STARTED_S, STARTED_S + STEADY_S
    outcomes = []
    for number in range(1 if outage_s else _SEEDS):
        plan = plan_of(max(1, round(rate * period_s)), rate, lasts_s, seed + number)
        trips = {name: 2 * ms / 1000 for name, ms in plan.lab.distances_ms.items()}
        outcomes.append(Worker(plan, costs, Network(trips, _SERVICE_S, _DNS_S), outage=dark).run())
    first = outcomes[0]
    judged = end if outage_s else begin
    lags = np.concatenate([each.lag_s[each.begun_s >= judged] for each in outcomes])
    most = (first.connections_most, first.in_flight_most) if outage_s else (_mean(first, 1), _mean(first, 0))
    return Capacity(
        rate=rate,
        lag_p99_ms=float(np.quantile(lags, 0.99)) * 1000 if len(lags) else 0.0,
        utilisation=float(first.cpu_s[end:].max() if outage_s else first.cpu_s[begin:end].mean()),
        cpu_ms=first.cpu_ms(begin, end),
        connections=most[0],
        in_flight=most[1],
        attempts=len(first.begun_s) / first.intended,
    )


def needs(patients: int, rate: float, outage_s: float, one: Capacity, measured: Measured) -> Needs:
    """What a fleet of workers like that one needs for a drill of ten minutes. Raises BadScale."""
    plan = plan_of(patients, rate, DRILL_S)
    workers = max(1, math.ceil(rate / one.rate))
    share = rate / workers / one.rate  # workers that are not full have so much less open
    connections = one.connections * share * workers
    busiest = max(plan.load.distances.values())
    peak_mb, rest_mb, ready_s = (fleet_line(measured, name)(patients) for name in ("peak_mb", "rss_mb", "built_s"))
    uploads = rate * DRILL_S
    # of a drill's ten minutes, the outage and the return are a part; the rest has one attempt for each upload
    simulated = STARTED_S + STEADY_S + outage_s + (AFTER_S if outage_s else 0)
    attempts = uploads + (one.attempts - 1) * rate * min(DRILL_S, simulated)
    seconds, memory = (checking_curve(measured, name) for name in ("seconds", "memory_mb"))
    points = [point for each in measured.rounds for point in each]
    files = math.ceil(one.connections * share + own_fds(measured))
    in_flight = math.ceil(one.in_flight * share)
    addresses = math.ceil(connections * busiest / PORTS)
    return Needs(
        patients=patients,
        rate=rate,
        outage_s=outage_s,
        workers=workers,
        worker_rate=rate / workers,
        lag_p99_ms=one.lag_p99_ms,
        cores=one.utilisation * share * workers,
        connections=math.ceil(connections),
        source_addresses=max(1, addresses) * len(plan.load.distances),
        worker_files=files,
        worker_in_flight=in_flight,
        worker_peak_mb=peak_mb,
        memory_gb=workers * rest_mb / 1024,
        schedule_s=ready_s,
        attempts=round(attempts),
        history_gb=attempts * median(point.history_bytes for point in points) / 1e9,
        table_s=attempts * max(points, key=lambda point: point.attempts).compact_us / 1e6,
        judge_s=seconds(attempts),
        judge_mb=memory(attempts),
        limits=tuple(_limits(workers, files, in_flight, addresses)),
    )


def _limits(workers: int, files: int, in_flight: int, addresses: int) -> list[str]:
    """What has to be changed before such a fleet can run as the code is."""
    found = []
    most = next(each.le for each in Load.model_fields["workers"].metadata if hasattr(each, "le"))
    if workers > most:
        found.append(f"load.workers: {workers} (the plan takes at most {most})")
    if addresses > 1:
        found.append(f"source addresses: {addresses} for each class of distance (a target has one for each)")
    if in_flight > MOST_IN_FLIGHT:
        found.append(f"attempts in flight of a worker: {in_flight} (retries wait from {MOST_IN_FLIGHT} on)")
    if files > FILES:
        found.append(f"file descriptors of a worker: {files} (Linux gives at most {FILES})")
    return found


def _mean(outcome: Outcome, which: int) -> float:
    area = (outcome.in_flight, outcome.connections)[which]
    return float(area[STARTED_S : STARTED_S + STEADY_S].mean())


def default_rate(patients: int) -> float:
    """As the drills have it: a reading of each patient every five minutes."""
    return patients / PERIOD_S
