"""What a person sees while a drill runs: one small table in a terminal, plain lines elsewhere. Shows, never judges."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dashboards.browser.scene import PHASES
from loadtests.fleet_file import LIVE_FILE
from results.plan import Plan

_LINE_EVERY_S = 5.0


@dataclass
class Scene:
    """What is on: filled by the exercise, drawn by the view."""

    plan: Plan
    run: Path
    phase: str = "preparing"
    t0_monotonic: float | None = None
    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:  # JSON values of loadtests.live
        """The load generator's last figures; empty before there are any."""
        try:
            figures: dict[str, Any] = json.loads((self.run / LIVE_FILE).read_bytes())
        except (OSError, ValueError):
            return {}
        return figures


class View:
    """Use as a context manager. `plain` lines are for terminals that cannot redraw, pipes and logs."""

    def __init__(self, scene: Scene, *, plain: bool | None = None, console: Console | None = None) -> None:
        self._scene = scene
        self._console = console or Console(stderr=True)
        self._plain = (not self._console.is_terminal) if plain is None else plain
        self._live: Live | None = None
        self._last_line = 0.0
        self._shown: tuple[str, int] = ("", 0)
        self._notes = 0

    def __enter__(self) -> View:
        if not self._plain:
            self._live = Live(self.draw(), console=self._console, refresh_per_second=4, transient=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.update(self.draw())
            self._live.stop()

    def refresh(self) -> None:
        """Call it about twice a second."""
        if self._live is not None:
            self._live.update(self.draw())
            return
        for note in self._scene.notes[self._notes :]:
            print(note, file=sys.stderr, flush=True)
        self._notes = len(self._scene.notes)
        state = (self._scene.phase, len(self._scene.steps))
        if state != self._shown or time.monotonic() - self._last_line >= _LINE_EVERY_S:
            self._shown, self._last_line = state, time.monotonic()
            print(self.line(), file=sys.stderr, flush=True)

    def line(self) -> str:
        """Everything in one line."""
        now = self._scene.figures()
        since = f" t0+{self._since():.0f}s" if self._scene.t0_monotonic is not None else ""
        step = f" [{self._scene.steps[-1]}]" if self._scene.steps else ""
        moved = ", ".join(f"{name} {1 - share:.0%}" for name, share in now.get("by_client", {}).items())
        return (
            f"{self._scene.phase:<9}{since}{step} {now.get('ups', 0):.0f} uploads/s, {now.get('acknowledged', 0)} acknowledged, "
            f"{now.get('failing', 0)} failing, p99 {_ms(now.get('p99_ms'))}, moved: {moved or 'nobody'}"
        )

    def draw(self) -> Group:
        """The table for a terminal."""
        scene, now = self._scene, self._scene.figures()
        trail = Text()
        # a fault is followed by a takeover, or is lifted again
        left_out = "takeover" if scene.plan.fault.takeover == "none" else "fault"
        for phase in (phase for phase in PHASES if phase != left_out):
            on = phase == scene.phase
            trail.append(f" {phase} ", style="bold reverse" if on else "dim")
            trail.append(" ")
        grid = Table.grid(padding=(0, 3))
        for _ in range(4):
            grid.add_column(justify="left")
        since = f"{self._since():.0f} s" if scene.t0_monotonic is not None else "–"
        failing = now.get("failing", 0)
        grid.add_row("uploads/s", f"{now.get('ups', 0):.0f}", "since the fault", since)
        grid.add_row("acknowledged", f"{now.get('acknowledged', 0):,}", "p99 (10 s)", _ms(now.get("p99_ms")))
        patients = f"{now.get('patients_seen', 0):,} of {scene.plan.population.patients:,}"
        grid.add_row("failing/s", Text(f"{failing:,}", style="bold red" if failing else ""), "patients seen", patients)
        grid.add_row("waiting on devices", f"{now.get('queued', 0):,}", "generator lag p99", _ms(now.get("lag_p99_ms")))
        moved = Table.grid(padding=(0, 2))
        moved.add_column(width=12)
        moved.add_column(width=32)
        moved.add_column(justify="right")
        for name, share in now.get("by_client", {}).items():
            done = 1 - share
            bar = Text("█" * round(done * 30), style="green")
            bar.append("░" * (30 - round(done * 30)), style="dim")
            moved.add_row(name, bar, f"{done:.0%}")
        parts: list[Any] = [
            Text(f"Zweitherz · {scene.plan.drill} · {scene.run.name}", style="bold"),
            trail,
            Text(""),
            grid,
        ]
        parts += [Text("\nshare of each client class that has left the first site", style="dim"), moved]
        if scene.steps:
            parts.append(Text("takeover: " + " → ".join(scene.steps), style="cyan"))
        parts += [Text(note, style="yellow") for note in scene.notes[-3:]]
        return Group(*parts)

    def _since(self) -> float:
        return time.monotonic() - (self._scene.t0_monotonic or time.monotonic())


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"
