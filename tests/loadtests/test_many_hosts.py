"""One Locust master and four workers, each on a host of its own: separate networks and folders, one of them killed mid-run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from lab import launch
from lab.model import Options
from loadtests.parcel import names_of
from loadtests.population import make_patients
from loadtests.schedule import Schedule, make_schedule, share
from results.evidence import Evidence
from results.history import compact
from results.manifest import digest
from results.plan_file import read_plan
from results.timeline import Event, gather, read
from results.workers import clock_error, lost_senders
from targets.read import read_target
from tests.lab.running import eventually
from tests.loadtests.hosts import Hosts, address

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]
HOME = Path(__file__).resolve().parent.parent.parent
WORKERS, KILLED = 4, 2
PATIENTS = 402  # no multiple of four
# its schedule ends by itself, so that runs can be compared to the last reading
PLAN = f"""schema: zweitherz/plan/1
drill: many-hosts
population: {{patients: {PATIENTS}}}
load: {{rate: 30, usage: false}}
guards: {{time_limit_s: 12}}
"""
LOCUST = (sys.executable, "-m", "locust", "-f", str(HOME / "loadtests/locustfile.py"))


@dataclass(frozen=True)
class Place:
    """Where these runs happen. `target`: of the lab; `plan`: of all runs."""

    folder: Path
    target: Path
    plan: Path
    hosts: Hosts

    def target_on(self, worker: int | None) -> Path:
        """The same system, as it is seen from a host with patients on its own network."""
        whole = YAML(typ="safe").load(self.target.read_text())
        whole["vantage"] = {}
        for distance in whole["distances"]:
            distance["source"] = address(worker)
        path = self.folder / f"target-{worker}.yaml"
        with path.open("w") as out:
            YAML().dump(whole, out)
        return path

    @property
    def schedule(self) -> Schedule:
        plan = read_plan(self.plan)
        return make_schedule(make_patients(plan), plan.load, plan.seed, plan.guards.time_limit_s)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("many")
    state = folder / "lab"
    up = launch.up(Options(state=state, tools=False), die_with_caller=True)
    try:
        (folder / "plan.yaml").write_text(PLAN)
        with Hosts(read_target(up.target).vantage["patients"], WORKERS) as hosts:
            yield Place(folder, up.target, folder / "plan.yaml", hosts)
    finally:
        launch.down(state)


@dataclass
class Load:
    """A load test under way: its master (or only process) and its workers."""

    run: Path
    master: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]

    def await_intended(self, readings: int) -> None:
        """Until so many readings became due and none is waited for any more."""

        def done() -> bool:
            figures = self.figures()
            waits = figures.get("in_flight", 1) + figures.get("queued", 1)
            return figures.get("intended", 0) >= readings and not waits

        eventually(lambda: done() or self.master.poll() is not None, 120)
        assert self.master.poll() is None, self.log()

    def figures(self) -> dict[str, Any]:
        """Live ones, for people."""
        live = self.run / "live/loadtests.json"
        told: dict[str, Any] = json.loads(live.read_text()) if live.exists() else {}
        return told

    def end(self) -> int:
        """Exit code. Everything has ended when this returns."""
        self.master.send_signal(signal.SIGTERM)
        code = self.master.wait(90)
        for worker in self.workers:
            worker.wait(60)
        gather(self.run)
        compact(self.run)
        return code

    def log(self) -> str:
        return self.run.with_suffix(".log").read_text()[-3000:]

    def folder_of(self, worker: int) -> Path:
        """On the host of that worker: what it wrote itself."""
        return self.run.with_name(f"{self.run.name}-host-{worker}") / "run"


@contextlib.contextmanager
def started(place: Place, name: str, workers: int) -> Iterator[Load]:
    """Locust on the test's own host (workers 0: no others), or a master and workers on theirs. Nothing of it stays."""
    run = place.folder / name
    load = Load(run, _locust(place, run, None, workers), [])
    try:
        for worker in range(workers):
            load.workers.append(_locust(place, load.folder_of(worker), worker, workers))
        yield load
    finally:
        for process in (load.master, *load.workers):
            process.kill()
            process.wait()


def _locust(place: Place, run: Path, worker: int | None, workers: int) -> subprocess.Popen[bytes]:
    run.parent.mkdir(exist_ok=True)
    target = place.target_on(worker) if workers else place.target
    command = [*LOCUST, "--target", str(target), "--run", str(run)]
    if worker is not None:
        command = [*place.hosts.prefix(worker), *command, "--worker", "--master-host", address(None)]
    else:
        command += ["--headless", "-u", str(PATIENTS), "-r", str(PATIENTS), "--plan", str(place.plan)]
        if workers:
            command = [*place.hosts.prefix(None), *command, "--master", "--expect-workers", str(workers)]
    # neither a clock nor a run folder comes by inheritance: on another host nothing would
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZWEITHERZ_")}
    with run.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=HOME,
            env={**env, "ZWEITHERZ_RESULTS": str(run.parent / "results")},
        )


def sent(run: Path) -> Schedule:
    """What was sent, as a schedule: from the history and the starts of the senders alone."""
    starts = {e.subject: e.data["start_ns"] for e in generators(run) if e.data["state"] == "begin"}
    rows: set[tuple[int, int, int]] = set()
    for table in (pq.read_table(path) for path in sorted((run / "history").glob("*.parquet"))):
        for row in table.select(["t_intended", "patient", "seq", "worker"]).to_pylist():
            rows.add((row["t_intended"] - starts[f"sender-{row['worker']}"], row["patient"], row["seq"]))
    due, patient, seq = (np.array(column) for column in zip(*sorted(rows), strict=True))
    return Schedule(due.astype(np.int64), patient.astype(np.int32), seq.astype(np.int32))


def generators(run: Path) -> list[Event]:
    return [event for event in read(run / "timeline.jsonl") if event.kind == "generator"]


def of_workers(run: Path, state: str) -> dict[str, Event]:
    events = [e for e in read(run / "timeline.jsonl") if e.kind == "worker" and e.data["state"] == state]
    return {event.subject: event for event in events}


def outcomes(run: Path) -> dict[str, int]:
    with Evidence(run) as evidence:
        return dict(evidence.rows("SELECT outcome, count(*) FROM operations GROUP BY 1"))


def test_four_workers_on_four_hosts_send_what_one_sends(place: Place) -> None:
    whole = place.schedule
    runs = []
    for name, workers in (("one", 0), ("four", WORKERS)):
        with started(place, name, workers) as load:
            load.await_intended(len(whole))
            assert load.end() == 0, load.log()
        runs.append(load.run)
        assert outcomes(load.run) == {"ok": len(whole)}
        told = {event.data["schedule_digest"] for event in generators(load.run)}
        assert told == {whole.digest()} == {sent(load.run).digest()}, name
    one, four = runs
    assert len(list((one / "history").glob("*.parquet"))) == 1
    assert len(list((four / "history").glob("*.parquet"))) == WORKERS
    collected = of_workers(four, "collected")
    assert sorted(collected) == [f"sender-{n}" for n in range(WORKERS)]
    assert sum(event.data["patients"] for event in collected.values()) == PATIENTS
    with Evidence(four) as evidence:
        assert lost_senders(evidence) == []
        error = clock_error(evidence)
    assert error.ns > 0, "clocks of hosts are compared, whatever they show"


def test_a_worker_killed_mid_run_is_named_with_its_patients_and_the_others_are_whole(place: Place) -> None:
    log = names_of(KILLED)[0]
    with started(place, "killed", WORKERS) as load:
        placed = eventually(lambda: _placed(load.run), 120)
        # Locust numbers workers as they come: the host of that one is known by what it writes
        folders = [load.folder_of(worker) for worker in range(WORKERS)]
        (host,) = eventually(lambda: [n for n in range(WORKERS) if _size(folders[n] / log) > 2000], 120)
        load.workers[host].kill()
        eventually(lambda: _said(load.run, "silent"), 120)
        others = len(place.schedule) - len(place.schedule.of_worker(KILLED, WORKERS))
        load.await_intended(others)
        assert load.end() == 1, load.log()
    assert not (load.run / log).exists(), "what a lost worker wrote is on its own host"

    lost = of_workers(load.run, "lost")
    assert list(lost) == [f"sender-{KILLED}"]
    told = lost[f"sender-{KILLED}"].data
    assert (told["why"], told["patients"], told["shared"]) == ("no heartbeat", share(KILLED, WORKERS, PATIENTS), False)
    assert told["worker"] == placed[f"sender-{KILLED}"].data["worker"]
    assert 0 <= told["intended"] <= told["due"] <= len(place.schedule.of_worker(KILLED, WORKERS))
    assert f"sender-{KILLED} on {told['host']} is lost (no heartbeat)" in load.log()

    collected = of_workers(load.run, "collected")
    assert sorted(collected) == [f"sender-{n}" for n in range(WORKERS) if n != KILLED]
    for sender, event in collected.items():
        (origin,) = [f for f in folders if (f / names_of(int(sender[-1]))[0]).exists()]
        for file in event.data["files"]:
            assert file["sha256"] == digest(load.run / file["name"]) == digest(origin / file["name"]), file["name"]
    kept = {n: place.schedule.of_worker(n, WORKERS).digest() for n in range(WORKERS) if n != KILLED}
    assert {n: sent(load.run).of_worker(n, WORKERS).digest() for n in kept} == kept
    with Evidence(load.run) as evidence:
        (known,) = lost_senders(evidence)
    assert str(known) == (
        f"sender-{KILLED} on {told['host']} is lost (no heartbeat), "
        f"patients with number % {WORKERS} = {KILLED} ({told['patients']}), {told['due']} readings"
    )


def _placed(run: Path) -> dict[str, Event]:
    found = _said(run, "placed")
    return found if len(found) == WORKERS else {}


def _said(run: Path, state: str) -> dict[str, Event]:
    path = run / "timeline/fleet.jsonl"
    events = list(read(path)) if path.exists() else []
    return {e.subject: e for e in events if e.kind == "worker" and e.data["state"] == state}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
