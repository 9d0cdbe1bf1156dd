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
from statistics import median
from typing import Any

from drill.bench import generator, pause, tools
from drill.bench.measure import whole
from lab import launch
from lab.model import Options
from results import run as runs
from results.synthetic import write_run
from targets.lab_control import LabControl
from targets.read import read_target

_HOME = Path(__file__).resolve().parent.parent.parent
ROWS = 10_000_000
DRILL_ROWS = 150_000  # uploads of a full drill
ROUNDS = 3  # alternating: this machine's speed changes within a minute, a ratio of neighbours much less


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
        found["rounds"] = [
            {
                "native": _step(f"{name}: ours, native", lambda: generator.ours(target, up.target, folder, "native")),
                "rust": _step(f"{name}: ours, rust", lambda: generator.ours(target, up.target, folder, "rust")),
                "shared": _step(
                    f"{name}: FastHttpUser, shared TLS context",
                    lambda: generator.fast_http_user(target, up.target, folder, "shared"),
                ),
                "stock": _step(
                    f"{name}: FastHttpUser as it comes",
                    lambda: generator.fast_http_user(target, up.target, folder, "stock"),
                ),
            }
            for name in (f"generator {number}/{ROUNDS}" for number in range(1, ROUNDS + 1))
        ]
        found["tools"] = _step("hey, h2load", lambda: tools.measure(target, folder))
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
    drill = folder / "full-drill"
    write_run(drill, DRILL_ROWS)
    drawn_s, drawn_mb = whole([sys.executable, "-m", "dashboards", "report", str(drill)], _HOME)
    return {"drawn_s": drawn_s, "drawn_mb": drawn_mb} | {
        "judge_s": judge_s,
        "judge_mb": judge_mb,
        "judge_and_draw_s": draw_s,
        "judge_and_draw_mb": draw_mb,
    }


def _step(what: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    print(f"bench: {what}", file=sys.stderr, flush=True)
    return measure()


def _table(found: dict[str, Any]) -> str:
    slow, judge, lab = (found[name] for name in ("pause", "judge", "lab"))
    rows = [
        ("generator CPU per upload, full handshakes", _each(found, "cpu_ms", "ms"), ""),
        ("… of FastHttpUser, one shared TLS context", _ratios(found, "shared"), "at most 0.60 ×"),
        ("… of FastHttpUser as it comes", _ratios(found, "stock"), ""),
        ("… FastHttpUser itself, shared / as it comes", f"{_peer(found, 'shared')} / {_peer(found, 'stock')} ms", ""),
        ("… hey / h2load (no DNS, no verification, no records)", _tools(found["tools"]), ""),
        ("rate kept", _each(found, "per_second", "per s"), "400 per s"),
        ("schedule lag at 400/s, p50", _each(found, "lag_p50_ms", "ms"), ""),
        ("schedule lag at 400/s, p99", _each(found, "lag_p99_ms", "ms"), "at most 20 ms"),
        ("memory of the biggest process, 120,000 patients", _each(found, "rss_mb", "MB"), "at most 200 MB"),
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
        (
            "10 M rows judged and drawn",
            f"{judge['judge_and_draw_s']} s, {judge['judge_and_draw_mb']:.0f} MB",
            "at most 30 s, 1,500 MB",
        ),
        (
            "a drill of 150,000 uploads judged and drawn",
            f"{judge['drawn_s']} s, {judge['drawn_mb']:.0f} MB",
            "at most 6 s",
        ),
    ]
    lines = [
        "| what | measured (native / rust) | to reach |",
        "|---|---|---|",
        *(f"| {a} | {b} | {c} |" for a, b, c in rows),
    ]
    machine = found["machine"]
    lines += [
        "",
        f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}; medians of {ROUNDS} rounds.",
    ]
    return "\n".join(lines) + "\n"


def _each(found: dict[str, Any], figure: str, unit: str) -> str:
    native, rust = (median(each[engine][figure] for each in found["rounds"]) for engine in ("native", "rust"))
    return f"{native:.4g} / {rust:.4g} {unit}"


def _peer(found: dict[str, Any], peer: str) -> float:
    return round(float(median(each[peer]["cpu_ms"] for each in found["rounds"])), 3)


def _ratios(found: dict[str, Any], peer: str) -> str:
    """Median of the rounds' ratios, and their range."""
    shown = []
    for engine in ("native", "rust"):
        ratios = sorted(each[engine]["cpu_ms"] / each[peer]["cpu_ms"] for each in found["rounds"])
        shown.append(f"{median(ratios):.2f} × ({ratios[0]:.2f}-{ratios[-1]:.2f})")
    return " / ".join(shown)


def _tools(found: dict[str, float | str]) -> str:
    return " / ".join(f"{value} ms" if isinstance(value, float) else value for value in found.values())


if __name__ == "__main__":
    sys.exit(main())
