"""``make bench``: measures everything that docs/performance.md claims, writes ``results/bench/<time>.json`` and the table."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drill.bench import generator, pause
from drill.bench.measure import whole
from lab import launch
from lab.model import Options
from results import run as runs
from targets.lab_control import LabControl
from targets.read import read_target

_HOME = Path(__file__).resolve().parent.parent.parent
ROWS = 10_000_000


def main() -> int:
    found: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    }
    with tempfile.TemporaryDirectory(prefix="zweitherz-bench-") as name:
        folder = Path(name)
        found["lab"] = _step("lab: time to come up, memory", lambda: _lab(folder, found))
        found["pause"] = _step("two-second pause", lambda: _pause(folder))
        found["judge"] = _step(f"{ROWS:,} rows judged and drawn", lambda: _judge(folder))
    table = _table(found)
    place = runs.home() / "bench"
    place.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    (place / f"{stamp}.json").write_text(json.dumps(found, indent=1))
    (place / "table.md").write_text(table)
    print(table)
    return 0


def _lab(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    up = launch.up(Options(state=folder / "lab"), die_with_caller=True)
    try:
        target = read_target(up.target)
        memory = LabControl(up.target.parent / "control.sock").call("resources")["memory_bytes"]
        for engine in ("native", "rust"):
            found[engine] = _step(
                f"generator: ours, engine {engine}",
                lambda engine=engine: generator.ours(target, up.target, folder, engine),  # type: ignore[misc]
            )
        for context in ("shared", "stock"):
            found[context] = _step(
                f"generator: FastHttpUser, {context} TLS context",
                lambda context=context: generator.fast_http_user(target, up.target, folder, context),  # type: ignore[misc]
            )
        found["others"] = generator.other_tools()
    finally:
        launch.down(folder / "lab")
    return {"up_s": up.up_s, "memory_mb": round(memory / 2**20, 1)}


def _pause(folder: Path) -> dict[str, Any]:
    truth = pause.truth_ms()
    shown = {
        "truth_p99_ms": round(truth, 1),
        "ours_p99_ms": pause.ours_ms(folder),
        "locust_p99_ms": pause.locust_ms(folder),
    }
    shown["ours_error"] = round(abs(shown["ours_p99_ms"] - truth) / truth, 4)
    shown["locust_error"] = round(abs(shown["locust_p99_ms"] - truth) / truth, 4)
    return shown


def _judge(folder: Path) -> dict[str, Any]:
    run = folder / "ten-million"
    # not here: a child's peak memory counts what its parent held when it was forked
    make = f"from pathlib import Path; from results.synthetic import write_run; write_run(Path({str(run)!r}), {ROWS})"
    subprocess.run([sys.executable, "-c", make], check=True, cwd=_HOME, timeout=300)
    judge = "import sys; from pathlib import Path; from results.judge import judge; judge(Path(sys.argv[1]))"
    judge_s, judge_mb = whole([sys.executable, "-c", judge, str(run)], _HOME)
    draw_s, draw_mb = whole([sys.executable, "-m", "dashboards", "report", str(run)], _HOME)
    return {"judge_s": judge_s, "judge_mb": judge_mb, "judge_and_draw_s": draw_s, "judge_and_draw_mb": draw_mb}


def _step(what: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    print(f"bench: {what}", file=sys.stderr, flush=True)
    return measure()


def _table(found: dict[str, Any]) -> str:
    names = ("native", "rust", "shared", "stock", "pause", "judge", "lab")
    ours, rust, shared, stock, slow, judge, lab = (found[name] for name in names)
    rows = [
        ("generator CPU per upload, full handshakes: native / rust", f"{ours['cpu_ms']} / {rust['cpu_ms']} ms", ""),
        ("… of FastHttpUser, one shared TLS context", _ratios(ours, rust, shared), "at most 0.60 ×"),
        ("… of FastHttpUser as it comes", _ratios(ours, rust, stock), ""),
        ("rate: ours / tuned peer", f"{ours['per_second']:.0f} / {shared['per_second']:.0f} per s", "400 per s"),
        (
            "schedule lag at 400/s, p50 / p99: native",
            f"{ours['lag_p50_ms']} / {ours['lag_p99_ms']} ms",
            "p99 at most 20 ms",
        ),
        (
            "schedule lag at 400/s, p50 / p99: rust",
            f"{rust['lag_p50_ms']} / {rust['lag_p99_ms']} ms",
            "p99 at most 20 ms",
        ),
        (
            "memory of the biggest process, 120,000 patients: native / rust",
            f"{ours['rss_mb']:.0f} / {rust['rss_mb']:.0f} MB",
            "at most 200 MB",
        ),
        (
            "2 s pause: p99, truth / ours / Locust",
            f"{slow['truth_p99_ms']} / {slow['ours_p99_ms']} / {slow['locust_p99_ms']} ms",
            "",
        ),
        (
            "2 s pause: error of ours / Locust",
            f"{slow['ours_error']:.1%} / {slow['locust_error']:.1%}",
            "ours at most 5 %",
        ),
        ("lab up", f"{lab['up_s']:.1f} s, {lab['memory_mb']:.0f} MB", "at most 10 s, 500 MB"),
        ("10 M rows judged", f"{judge['judge_s']} s, {judge['judge_mb']:.0f} MB", "at most 15 s, 1,000 MB"),
        ("10 M rows judged and drawn", f"{judge['judge_and_draw_s']} s, {judge['judge_and_draw_mb']:.0f} MB", ""),
    ]
    lines = ["| what | measured | to reach |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    tools = ", ".join(
        f"{name} {'measured' if place.startswith('/') else place}" for name, place in found["others"].items()
    )
    machine = found["machine"]
    lines += ["", f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}; {tools}."]
    return "\n".join(lines) + "\n"


def _ratios(ours: dict[str, Any], rust: dict[str, Any], peer: dict[str, Any]) -> str:  # JSON values
    return f"{ours['cpu_ms'] / peer['cpu_ms']:.2f} × / {rust['cpu_ms'] / peer['cpu_ms']:.2f} ×"


if __name__ == "__main__":
    sys.exit(main())
