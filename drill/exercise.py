"""One exercise from plan to verdict: brings everything up, lets it run, reads back, judges, tidies.

Recording first, judging later: while the drill runs nothing is decided here except to stop it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chaos.drivers import Driver, driver_for
from drill.alerting import collect_alerts, load_rules, objectives
from drill.asking import ask
from drill.children import Experiment, LoadGenerator, Monitors
from drill.contacts import collect_contacts
from drill.embedded import embedded_lab
from drill.fingerprint import left_behind
from drill.lab_samples import LabSamples
from drill.machine import environment
from drill.readback import compact_all, read_everything
from drill.room import missing_room
from drill.telemetry import collect_telemetry
from drill.view import Scene, View
from drill.withhold import withhold
from results import run as runs
from results.clock import Clock
from results.documents import write_documents
from results.finding import Verdict
from results.history import compact
from results.history_log import DamagedHistory
from results.judge import Judgement, judge
from results.manifest import write_manifest
from results.plan import Plan
from results.plan_file import write_plan
from results.plan_record import put_on_record
from results.readback import DamagedReadback
from results.rows import DamagedRows, compact_rows
from results.schema import CONTACTS, LOOKUPS, SAMPLES, USAGE
from results.telemetry import DamagedTelemetry, compact_telemetry
from results.timeline import DamagedTimeline, TimelineWriter, gather
from targets.lab_control import LabControl
from targets.model import Target
from targets.read import read_target

ABORTED, CLEAN_UP_FAILED = 3, 4
_ROWS = {"lookups": LOOKUPS, "samples": SAMPLES, "usage": USAGE, "contacts": CONTACTS}  # tables written row by row
_HOME = Path(__file__).resolve().parent.parent
_LOAD_WITHIN_S = 40
_LOOK_EVERY_S = 0.5
_REPORT_WITHIN_S = 60


class DrillRefused(RuntimeError):
    """The drill cannot begin: one line says why."""


class DrillBroken(RuntimeError):
    """It had begun when something of the harness itself failed: one line. What it owes is in the run, for `zweitherz undo`."""


@dataclass(frozen=True)
class Outcome:
    """What came of an exercise. `aborted`: the guard that ended it early; `undrawn`: why there is no report."""

    run: Path
    judgement: Judgement
    exit_code: int
    aborted: str = ""
    report: Path | None = None
    undrawn: str = ""


@dataclass
class Exercise:
    """A drill that is about to run. `target_file` None: on the embedded lab, brought up for it. `language` None: no report."""

    plan: Plan
    experiment: dict[str, Any]  # as read from its file
    target_file: Path | None = None
    plain: bool | None = None
    language: str | None = "en"
    stopping: bool = False
    aborted: str = ""

    def stop(self) -> None:
        """Ask the running exercise to end early; it still reads back, tidies, judges. A second call changes nothing."""
        self.stopping = True

    def run(self) -> Outcome:
        """The whole exercise. Raises DrillRefused, NoRules, lab.launch.LabError before anything has begun, then DrillBroken."""
        objectives(self.plan)  # refused now rather than in the middle
        if no_room := missing_room(self.plan, runs.home()):
            raise DrillRefused(no_room)
        run = runs.create(self.plan.drill)
        for folder in ("logs", "live", "readback"):
            (run / folder).mkdir()
        clock = Clock.anchored_now()
        write_plan(self.plan, run / "plan.yaml", self.experiment)
        state = _HOME / ".lab" / run.name
        try:
            with self._target(state) as (target_file, target), TimelineWriter(run, "drill", clock) as timeline:
                self._on_target(run, target_file, target, clock, timeline)
            code = self._tidy(run, state, clock)
        except BaseException as error:
            if not (run / "timeline" / "chaos.jsonl").exists():
                shutil.rmtree(run)  # nothing was done yet: no evidence of nothing
                raise
            (run / "logs" / "drill.log").write_text(traceback.format_exc())
            if not isinstance(error, Exception):
                raise
            raise DrillBroken(
                f"{run.name} had begun and could not go on: {type(error).__name__}: {error} (logs/drill.log of the run); "
                f"zweitherz undo {run.name} mends what it owes"
            ) from error
        outcome = self._conclude(run, code)
        runs.make_latest(run)
        return outcome

    @contextlib.contextmanager
    def _target(self, state: Path) -> Iterator[tuple[Path, Target]]:
        if self.target_file is not None:
            yield self.target_file, read_target(self.target_file)
            return
        with embedded_lab(self.plan, state) as target_file:
            yield target_file, read_target(target_file)

    def _on_target(self, run: Path, target_file: Path, target: Target, clock: Clock, timeline: TimelineWriter) -> None:
        put_on_record(run, timeline)
        lab = LabControl(target.control) if target.control is not None else None
        shown = environment(target, lab.call("status") if lab else None, clock.error_ns)
        (run / "environment.json").write_text(json.dumps(shown, indent=1))
        driver = driver_for(target)
        scene = Scene(self.plan, run)
        samples = LabSamples(run, lab, clock) if lab else None
        if lab is not None and target.tools is not None:
            load_rules(run, self.plan, lab)
            scene.notes.append(
                f"windows of the objectives' alerts are shortened by {self.plan.alerting.scale} for this drill"
            )
        load = LoadGenerator(run, target_file, self.plan, clock)
        monitors = Monitors(run, target_file, target, clock, self.plan.lab.defect)
        try:
            with View(scene, plain=self.plain) as view:
                if self._await_load(run, load, scene, view):
                    self._follow(run, target_file, clock, timeline, load, scene, view, samples)
                scene.phase = "reading back"
                view.refresh()
                load.stop()
                monitors.stop()  # before the final reads: theirs are uploads as well
                self._collect(run, target_file, target, lab, timeline, clock)
                self._read_back(run, target_file, target, driver, timeline, clock)
        finally:
            load.stop()
            monitors.stop()
            if samples:
                samples.close()
            _keep_logs(run, target_file.parent if lab else None)

    def _await_load(self, run: Path, load: LoadGenerator, scene: Scene, view: View) -> bool:
        """True when uploads are being acknowledged."""
        deadline = time.monotonic() + _LOAD_WITHIN_S
        while not scene.figures().get("acknowledged"):
            view.refresh()
            if self.stopping:
                self.aborted = "stop"
                return False
            if load.ended() is not None or time.monotonic() > deadline:
                tail = " ".join((run / "logs/locust.log").read_text(errors="replace").split())[-300:]
                why = f"the load generator acknowledged nothing within {_LOAD_WITHIN_S} s ({tail})"
                scene.notes.append(why)
                self.aborted = "load"
                return False
            time.sleep(0.1)
        return True

    def _follow(
        self,
        run: Path,
        target_file: Path,
        clock: Clock,
        timeline: TimelineWriter,
        load: LoadGenerator,
        scene: Scene,
        view: View,
        samples: LabSamples | None,
    ) -> None:
        """From the start of the experiment to its end."""
        experiment = Experiment(run, target_file, clock)
        asked = False
        try:
            while experiment.ended() is None:
                if (self.stopping or load.ended() is not None) and not asked:
                    asked = True
                    why = "asked to stop" if self.stopping else "the load generator has ended"
                    timeline.write("stop", "drill", why=why)
                    scene.notes.append(f"{why}: rolling back")
                    experiment.stop()
                self._hear(experiment, load, scene)
                if samples:
                    samples.take()
                view.refresh()
                time.sleep(_LOOK_EVERY_S)
        finally:
            experiment.stop()
            code = experiment.wait(120)
            self._hear(experiment, load, scene)
        if code not in (0, CLEAN_UP_FAILED):
            self.aborted = self.aborted or "experiment"

    def _hear(self, experiment: Experiment, load: LoadGenerator, scene: Scene) -> None:
        while not experiment.said.empty():
            said = experiment.said.get()
            if "phase" in said:
                scene.phase = said["phase"]
                if scene.phase == "loss":
                    scene.t0_monotonic = time.monotonic()
                elif scene.phase == "drain":
                    load.drain()
            elif "step" in said and said["state"] == "end":
                scene.steps.append(said["step"])
            elif "asks" in said:
                scene.notes.append(ask(scene.run, said["asks"], said["of"]))
            elif "rollbacks" in said:
                scene.phase = "restoring"
            elif "ended" in said and said["guard"]:
                self.aborted = said["guard"]
                scene.notes.append(f"{said['guard']}: {said['why']}")
            elif "refused" in said:
                self.aborted = "experiment"
                scene.notes.append(said["refused"])

    def _collect(
        self,
        run: Path,
        target_file: Path,
        target: Target,
        lab: LabControl | None,
        timeline: TimelineWriter,
        clock: Clock,
    ) -> None:
        """Who contacted whom, what alerts did, and what was received by everything that watches."""
        if lab is not None:
            collect_contacts(run, lab, target, timeline, clock)
            collect_alerts(target, target_file, lab, timeline, clock)
        collect_telemetry(run, lab, target, target_file, timeline, clock)

    def _read_back(
        self, run: Path, target_file: Path, target: Target, driver: Driver, timeline: TimelineWriter, clock: Clock
    ) -> None:
        read_everything(run, target, target_file, driver, timeline, clock, self.plan.fault.survivor)

    def _tidy(self, run: Path, state: Path, clock: Clock) -> int:
        """After everything has ended: tables, fingerprint, manifest. Returns 4 where something is left, else 0."""
        if self.target_file is None and state.exists():
            shutil.rmtree(state)
        problems = []
        works: list[Callable[[], object]] = [
            lambda: compact(run),
            *(partial(compact_rows, run, table, schema) for table, schema in _ROWS.items()),
            lambda: compact_telemetry(run),
            lambda: compact_all(run, runs.tag(run.name)),
        ]
        for work in works:
            try:
                work()
            except (DamagedHistory, DamagedRows, DamagedReadback, DamagedTelemetry) as error:
                problems.append(str(error))
        left = left_behind([run, state])
        with TimelineWriter(run, "tidy", clock) as timeline:
            timeline.write("tidy", run.name, left_behind=left, problems=problems)
        with contextlib.suppress(DamagedTimeline):  # the checks say so: there is no timeline.jsonl then
            gather(run)
        for folder in (*_ROWS, "timeline"):
            shutil.rmtree(run / folder, ignore_errors=True)
        if not problems:
            shutil.rmtree(run / "history" / "log", ignore_errors=True)
        write_manifest(run)
        return CLEAN_UP_FAILED if left else 0

    def _conclude(self, run: Path, code: int) -> Outcome:
        judgement = judge(run)
        write_documents(run, judgement)
        report, undrawn = None, "not asked for, zweitherz report draws it"
        if self.language is not None:
            report = make_report(run, self.language)
            undrawn = "" if report else "not drawn, see logs/report.log of the run"
        cleanliness = next(finding for finding in judgement.findings if finding.name == "cleanliness")
        if code == CLEAN_UP_FAILED or cleanliness.verdict is Verdict.FAIL:
            exit_code = CLEAN_UP_FAILED
        elif self.aborted:
            exit_code = ABORTED
        else:
            exit_code = judgement.verdict.exit_code
        return Outcome(run, judgement, exit_code, self.aborted, report, undrawn)


def make_report(run: Path, language: str, prices: Path | None = None) -> Path | None:
    """Draw the report in a process of its own; None (and a note in logs/report.log) when that fails."""
    log = run / "logs" / "report.log"
    log.parent.mkdir(exist_ok=True)
    report, data = run / f"report.{language}.html", run / "report.json"
    for old in (report, report.with_suffix(".pdf"), data):
        old.unlink(missing_ok=True)  # what failed to be drawn is not shown as it was before
    with log.open("w") as out:
        command = [sys.executable, "-m", "dashboards", "report", str(run), "--lang", language]
        command += ["--prices", str(prices.resolve())] if prices is not None else []
        try:
            done = subprocess.run(command, stdout=out, stderr=out, timeout=_REPORT_WITHIN_S, check=False, cwd=_HOME)
        except subprocess.TimeoutExpired:
            return None
    if withheld := withhold(run, (report, data, run / "junit.xml", run / "summary.md")):
        with log.open("a") as out:
            out.write(withheld + "\n")
        print(withheld, file=sys.stderr)
    return report if done.returncode == 0 and report.exists() else None


def _keep_logs(run: Path, state: Path | None) -> None:
    """The lab's own logs go with the run; they hold no patient data and no secrets."""
    if state is not None and (state / "logs").is_dir():
        shutil.copytree(state / "logs", run / "logs" / "lab", dirs_exist_ok=True)
