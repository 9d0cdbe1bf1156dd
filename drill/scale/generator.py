"""Measures one worker (`drill.scale.worker`) against the peer: what an upload costs, how late it begins, what is open."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pyarrow.parquet as pq

from drill.scale.peer import write_target
from drill.scale.worker import PARTS_FILE
from loadtests.order import Order
from results.clock import Clock
from results.history import compact
from results.history_log import log_path
from results.plan import Plan

_HOME = Path(__file__).resolve().parent.parent.parent
PERIOD_S = 300.0  # 120,000 patients, 400 uploads a second
_LOOK_EVERY_S = 0.25
_LEAD_S = 0.2
_TIME_WAIT = "06"  # of /proc/net/tcp


@dataclass(frozen=True)
class Dark:
    """The peer goes dark `at_s` after the start, for `lasts_s`."""

    at_s: float
    lasts_s: float


@contextmanager
def peer(folder: Path, delay_ms: float) -> Iterator[tuple[subprocess.Popen[bytes], Path, int]]:
    """A peer process, its target file and its port."""
    command = [sys.executable, "-m", "drill.scale.peer", str(folder / "peer"), f"{delay_ms:g}"]
    with subprocess.Popen(command, cwd=_HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("peer: no pipes")
        try:
            said = json.loads(process.stdout.readline())
            yield process, write_target(said, folder / "peer.yaml"), int(said["port"])
        finally:
            process.stdin.close()
            process.wait(10)


def plan_of(rate: float, patients: int, lasts_s: float) -> Plan:
    """The load of a worker: the mix of clients that a plan has by default."""
    return Plan.model_validate(
        {
            "drill": "scale",
            "population": {"patients": patients},
            "load": {"rate": rate},
            "guards": {"time_limit_s": lasts_s},
        }
    )


def measure(
    folder: Path,
    rate: float,
    *,
    settle_s: float = 4,
    lasts_s: float = 12,
    delay_ms: float = 100,
    patients: int | None = None,
    workers: int = 1,
    dark: Dark | None = None,
    horizon_s: float | None = None,
) -> dict[str, Any]:  # JSON values
    """One point: worker 0 of `workers`, each at `rate`; all patients of the fleet are `patients` (default: `PERIOD_S` × rate)."""
    folder.mkdir(parents=True)
    whole = patients or int(PERIOD_S * rate * workers)
    plan = plan_of(rate * workers, whole, horizon_s or settle_s + lasts_s + 5)
    run = folder / "run"
    run.mkdir()
    looks: list[tuple[float, int, int]] = []
    with peer(folder, delay_ms) as (server, target, port):
        order = Order(
            **{"plan": plan, "target": target, "run": run, "tag": "00000000", "worker": 0, "workers": workers},
            clock=next(iter(Clock.anchored_now().to_environment().values())),
            users=whole,
        )
        command = [sys.executable, "-m", "drill.scale.worker", order.model_dump_json(by_alias=True), f"{settle_s:g}"]
        with subprocess.Popen(command, cwd=_HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
            if worker.stdout is None or worker.stdin is None or server.stdin is None:
                raise RuntimeError("worker: no pipes")
            worker.stdout.readline()  # the first frame: it has begun
            reading = threading.Thread(target=worker.stdout.read)  # the others: a full pipe would stop the worker
            reading.start()
            began, seen, darkened = time.monotonic() + _LEAD_S, psutil.Process(worker.pid), False
            while (at := time.monotonic() - began) < settle_s + lasts_s:
                if dark is not None and not darkened and at >= dark.at_s:
                    server.stdin.write(f"dark {dark.lasts_s:g}\n".encode())
                    server.stdin.flush()
                    darkened = True
                if at >= settle_s:
                    looks.append((at, seen.num_fds(), _connections(port)))
                _alive(worker)
                time.sleep(_LOOK_EVERY_S)
            memory = seen.memory_info().rss, _peak(worker.pid)
            waiting = _connections(port, _TIME_WAIT)
            worker.stdin.write(b'{"stop": true}\n')
            worker.stdin.flush()
            reading.join(60)
            worker.wait(60)
    return _point(run, rate, settle_s, looks, memory, waiting)


def _alive(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is not None:
        raise RuntimeError(f"worker: ended with code {worker.returncode}")


def _point(
    run: Path, rate: float, settle_s: float, looks: list[tuple[float, int, int]], memory: tuple[int, int], waiting: int
) -> dict[str, Any]:  # JSON values
    parts = json.loads((run / PARTS_FILE).read_bytes())
    size = log_path(run, 0).stat().st_size
    began = time.perf_counter()
    (table,) = compact(run)
    compact_s = time.perf_counter() - began
    columns = ["t_scheduled", "t_dispatched", "t_connected", "t_sent", "t_done", "attempt"]
    whole = pq.read_table(table, columns=columns)
    rows = {
        name: whole[name].to_numpy(zero_copy_only=False).astype(np.float64) / 1e9
        for name in columns
        if name != "attempt"
    }
    start = float(np.nanmin(rows["t_scheduled"]))
    begun = rows["t_dispatched"] > 0
    attempts = int(begun.sum())
    last = start + settle_s + parts["lasted_s"]
    steady = begun & (rows["t_dispatched"] >= start + settle_s) & (rows["t_dispatched"] < last)
    lag_ms = (rows["t_dispatched"] - rows["t_scheduled"])[steady] * 1000
    ended = np.where(np.isnan(rows["t_done"]), last, rows["t_done"])
    inside = np.clip(ended, start + settle_s, last) - np.clip(rows["t_dispatched"], start + settle_s, last)
    count = int(steady.sum())
    return {
        "rate": rate,
        "lasted_s": round(parts["lasted_s"], 3),
        "attempts": count,
        "cpu_ms": parts["cpu_s"] / count * 1000,
        "utilisation": parts["cpu_s"] / parts["lasted_s"],
        "lag_p50_ms": float(np.quantile(lag_ms, 0.5)),
        "lag_p99_ms": float(np.quantile(lag_ms, 0.99)),
        "in_flight": float(inside[begun].sum() / parts["lasted_s"]),
        "fds": float(np.mean([fds for _, fds, _ in looks])),
        "fds_most": max(fds for _, fds, _ in looks),
        "connections": float(np.mean([open_ for _, _, open_ in looks])),
        "connections_most": max(open_ for _, _, open_ in looks),
        "time_wait": waiting,
        "history_bytes": size / attempts,
        "compact_us": compact_s / attempts * 1e6,
        "rss_mb": memory[0] / 2**20,
        "peak_mb": memory[1] / 2**20,
        "built_s": parts["built_s"],
        "connect_ms": float(np.nanmedian((rows["t_connected"] - rows["t_dispatched"])[steady]) * 1000),
        "answer_ms": float(np.nanmedian((rows["t_done"] - rows["t_sent"])[steady]) * 1000),
        "per_second": _per_second(rows["t_dispatched"][begun] - start),
        "parts": parts,
    }


def _peak(pid: int) -> int:
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def _per_second(at: npt.NDArray[np.float64]) -> list[int]:
    return [int(count) for count in np.bincount(at.astype(np.int64))]


def _connections(port: int, state: str = "01") -> int:
    """Sockets of this network whose other end is that port, by /proc/net/tcp: the clients' side."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = (line.split()[:4] for line in lines)
    return sum(remote.endswith(wanted) and kind == state for _, _, remote, kind in fields)
