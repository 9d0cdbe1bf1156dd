"""Measures everything that ``measured.json`` holds, on this machine.

Points of different rates follow each other within the same minutes, in several rounds: the speed of a machine that is shared
changes from one minute to the next, what one rate costs against another hardly does.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil

from drill.bench.measure import whole
from drill.machine import cpu_model
from drill.scale.costs import Checking, Fleet, Machine, Measured, Outage, Point
from drill.scale.generator import Dark, measure
from lab.precedence import weigh_session
from loadtests.device import Devices, Kept
from results.plan import Load

_HOME = Path(__file__).resolve().parent.parent.parent
DELAY_MS = 100.0
_DEVICES = 20_000
_FIRST = -15  # nice
_JUDGE = "import sys; from pathlib import Path; from results.judge import judge; judge(Path(sys.argv[1]))"
_DARK = Dark(at_s=12, lasts_s=15)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Extent:
    """How much is measured. Rates per worker and second; the first two of `rates` are those that costs are taken from."""

    rates: tuple[float, ...] = (50, 200, 100, 150, 300, 400)
    rounds: int = 3
    settle_s: float = 5
    lasts_s: float = 24  # a p99 of 12 s of 100 uploads/s is the 12th latest of 1,200
    outages: int = 2
    outage_rate: float = 100
    dark: Dark = _DARK
    outage_lasts_s: float = 50
    fleets: tuple[int, ...] = (12_000, 120_000, 1_200_000, 3_000_000, 6_000_000, 12_000_000)
    fleet_rate: float = 100
    rows: tuple[int, ...] = (150_000, 1_000_000, 3_000_000, 6_000_000, 10_000_000, 24_000_000)


QUICK = Extent(
    rates=(20, 60, 40),
    rounds=1,
    settle_s=1,
    lasts_s=3,
    outages=1,
    outage_rate=20,
    dark=Dark(1, 3),
    outage_lasts_s=8,
    fleets=(1_200, 12_000),
    fleet_rate=20,
    rows=(2_000, 4_000),
)


def measure_all(extent: Extent) -> Measured:
    """Takes a quarter of an hour on a quiet machine, with `QUICK` half a minute (and then shows only that measuring works)."""
    preceded = precede()
    with tempfile.TemporaryDirectory(prefix="zweitherz-scale-") as name:
        folder = Path(name)
        rounds = [
            [_step(f"round {number + 1}: {rate:g}/s", partial(_point, folder, extent, rate)) for rate in extent.rates]
            for number in range(extent.rounds)
        ]
        outages = [_step(f"outage {number + 1}", partial(_outage, folder, extent)) for number in range(extent.outages)]
        fleets = [_step(f"{count:,} patients", partial(_fleet, folder, extent, count)) for count in extent.fleets]
        checking = [_step(f"{rows:,} rows", partial(_checking, folder, rows)) for rows in extent.rows]
    return Measured(
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        machine=machine(),
        preceded=preceded,
        delay_ms=DELAY_MS,
        rounds=rounds,
        outages=outages,
        fleets=fleets,
        checking=checking,
        overdue_us=overdue_us(),
    )


def precede() -> bool:
    """Let what is measured go before all else here, as a drill's generator goes before its lab. Answers whether it may."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
    except PermissionError:
        return False
    weigh_session(os.getpid(), _FIRST)
    return True


def machine() -> Machine:
    """This one."""
    return Machine(
        cores=os.cpu_count() or 1,
        cpu=cpu_model(),
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        system=platform.platform(),
        python=platform.python_version(),
    )


def overdue_us() -> float:
    """What a frame looks at for each device that has something waiting, in microseconds."""
    devices = Devices(Load(), 1)
    for patient in range(_DEVICES):
        devices.take(Kept(patient, patient, 1, 1, 1))
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        devices.overdue(2)
        taken.append(time.perf_counter() - began)
    return sorted(taken)[2] / _DEVICES * 1e6


def _point(folder: Path, extent: Extent, rate: float) -> Point:
    place = folder / f"point-{time.monotonic_ns()}"
    return Point.model_validate(
        measure(place, rate, settle_s=extent.settle_s, lasts_s=extent.lasts_s, delay_ms=DELAY_MS)
    )


def _outage(folder: Path, extent: Extent) -> Outage:
    place, dark = folder / f"outage-{time.monotonic_ns()}", extent.dark
    found = measure(
        place,
        extent.outage_rate,
        settle_s=extent.settle_s,
        lasts_s=extent.outage_lasts_s,
        delay_ms=DELAY_MS,
        dark=dark,
    )
    return Outage(at_s=dark.at_s, lasts_s=dark.lasts_s, point=Point.model_validate(found))


def _fleet(folder: Path, extent: Extent, patients: int) -> Fleet:
    workers = max(1, round(patients / 300 / extent.fleet_rate))
    found = measure(
        folder / f"fleet-{patients}",
        patients / 300 / workers,
        settle_s=1,
        lasts_s=4,
        delay_ms=DELAY_MS,
        patients=patients,
        workers=workers,
        horizon_s=600,
    )
    kept = {name: found[name] for name in ("built_s", "peak_mb", "rss_mb", "rate")}
    return Fleet(patients=patients, workers=workers, **kept)


def _checking(folder: Path, rows: int) -> Checking:
    run = folder / f"rows-{rows}"
    make = f"from pathlib import Path; from results.synthetic import write_run; write_run(Path({str(run)!r}), {rows})"
    subprocess.run([sys.executable, "-c", make], check=True, cwd=_HOME, timeout=600)
    seconds, memory_mb = whole([sys.executable, "-c", _JUDGE, str(run)], _HOME)
    return Checking(rows=rows, seconds=seconds, memory_mb=memory_mb)


def _step(what: str, call: Callable[[], _T]) -> _T:
    print(f"scale: {what}", file=sys.stderr, flush=True)
    return call()


def rounded(found: Any) -> Any:  # JSON values
    """Five significant digits: enough for everything measured, and a file that can be read."""
    if isinstance(found, float):
        return float(f"{found:.5g}")
    if isinstance(found, dict):
        return {name: rounded(value) for name, value in found.items()}
    return [rounded(value) for value in found] if isinstance(found, list) else found
