"""CPU per upload with full handshakes, schedule lag, memory: our generator beside Locust's FastHttpUser, on the same lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drill.bench.measure import Used, steady
from loadtests.fleet_file import LIVE_FILE
from results.evidence import Evidence
from results.history import compact
from results.plan import Plan
from results.plan_file import write_plan
from targets.model import Target

_HOME = Path(__file__).resolve().parent.parent.parent
RATE = 400
_SETTLE_S, _WINDOW_S = 10.0, 15.0


def ours(target: Target, target_file: Path, folder: Path, engine: str) -> dict[str, Any]:  # JSON values
    """120,000 patients, 400 uploads a second, every connection new, every handshake full."""
    classes = [{"name": "fresh", "share": 1, "resolver": "honest"}]
    load = {"rate": RATE, "tls_resumed": 0, "classes": classes, "engine": engine}
    plan = Plan.model_validate({"drill": "bench", "load": load})
    run = folder / f"bench-{time.monotonic_ns()}"
    (run / "live").mkdir(parents=True)
    write_plan(plan, run / "plan.yaml")
    command = [
        *(sys.executable, "-m", "drill.tether", sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py"),
        *("--headless", "-u", "120000", "-r", "120000", "--target", str(target_file), "--run", str(run)),
        *("--plan", str(run / "plan.yaml")),
    ]

    def acknowledged() -> int:
        return int(json.loads((run / LIVE_FILE).read_bytes())["acknowledged"])

    used = _run(command, {}, acknowledged)
    compact(run)
    with Evidence(run) as evidence:
        lag = evidence.row(
            "SELECT quantile_cont(t_dispatched - t_scheduled, 0.5) / 1e6, quantile_cont(t_dispatched - t_scheduled, 0.99) / 1e6, "
            "avg(CASE WHEN tls = 'full' THEN 1.0 WHEN tls = 'resumed' THEN 0.0 END), "
            "count(*) FILTER (outcome = 'fail') FROM attempts "
            "WHERE t_scheduled > (SELECT min(t_scheduled) + 8000000000 FROM attempts) AND t_done IS NOT NULL"
        )
    return {
        **vars(used),
        "lag_p50_ms": round(lag[0], 2),
        "lag_p99_ms": round(lag[1], 2),
        "full_handshakes": None if lag[2] is None else round(lag[2], 4),
        "failed": lag[3],
    }


def fast_http_user(target: Target, target_file: Path, folder: Path, context: str) -> dict[str, Any]:  # JSON values
    """FastHttpUser at the same rate; `context` is shared (tuned) or stock."""
    counter = folder / f"count-{context}"
    command = [
        *(sys.executable, "-m", "drill.tether", *target.vantage.get("patients", [])),
        *(sys.executable, "-m", "locust", "-f", "drill/bench/peer_locustfile.py", "--headless", "-u", "40", "-r", "40"),
    ]
    environment = {
        "BENCH_TARGET": str(target_file),
        "BENCH_CONTEXT": context,
        "BENCH_COUNT": str(counter),
        "BENCH_TAG": f"{time.monotonic_ns() & 0xFFFFFFFF:08x}",
    }
    used = _run(command, environment, lambda: int(counter.read_text().split()[0]))
    return {**vars(used), "failed": int(counter.read_text().split()[1])}


def _run(command: list[str], environment: dict[str, str], count: Callable[[], int]) -> Used:
    process = subprocess.Popen(
        command,
        cwd=_HOME,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return steady(process, count, _SETTLE_S, _WINDOW_S)
    finally:
        process.terminate()
        process.wait(30)
