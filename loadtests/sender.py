"""Sends one worker's uploads on time and writes their history. A plain process: no Locust, no monkey patching.

Standard input: one JSON object a line, ``{"users": 60000}`` (patients taking part), ``{"drain": true}`` (no new readings; empty
the queues), ``{"stop": true}``. Its end means stop, so a sender never outlives its Locust worker. Standard output: frames
(`loadtests.frame`). SIGTERM, SIGINT stop as well; history and tables are whole in every case.
"""

from __future__ import annotations

import gc
import heapq
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from loadtests.attempt import Attempt, Result
from loadtests.device import Devices, Kept
from loadtests.engines import open_engine
from loadtests.figures import Figures
from loadtests.mix import mix
from loadtests.order import Order
from loadtests.outcome import judge
from loadtests.population import Patients, make_patients
from loadtests.schedule import Schedule, make_share
from loadtests.uploads import Upload, UploadMaker
from loadtests.usage import open_usage
from results.clock import Clock
from results.history_log import Completion, HistoryWriter, Invocation, log_path
from results.identity import operation
from results.plan import ClientClass
from results.row_log import RowWriter
from targets.model import Target
from targets.read import read_target

FRAME_EVERY_NS = 250_000_000
_SECOND = 1_000_000_000
_LEAD_NS = 200_000_000  # the first reading is due so long after the start
MOST_IN_FLIGHT = 8000
_GATEWAYS = 16  # clients that cache addresses themselves sit in gateways (JVM style), each for many patients
_STARVED_PAUSE_S = 0.12


class Sender:
    """One worker's patients, from the first reading to the last acknowledgement."""

    def __init__(self, order: Order, target: Target, clock: Clock) -> None:
        self._order, self._plan, self._clock = order, order.plan, clock
        self._patients: Patients = make_patients(order.plan)
        horizon_s = order.plan.guards.time_limit_s
        self._schedule: Schedule
        self._schedule, self._digest = make_share(
            self._patients, order.plan.load, order.plan.seed, horizon_s, order.worker, order.workers
        )
        self._next = 0
        self._uploads = UploadMaker(target.service.host, target.secrets.token_key_file, order.tag, order.plan.seed)
        self._engine = open_engine(order.plan, target, clock)
        self._history = HistoryWriter(log_path(order.run, order.worker))
        self._lookups = RowWriter(order.run, "lookups", f"loadtests-{order.worker}")
        self._figures = Figures(order, clock, target.site(target.service.active).address)
        self._usage = open_usage(order, target, clock)
        self._devices = Devices(
            order.plan.load,
            order.plan.seed + order.worker,
            newest_first=order.plan.lab.defect == "newest-first-phones",
        )
        self._retries: list[tuple[int, int, Kept]] = []
        self._flying: dict[int, tuple[Kept, Upload, int]] = {}  # when it was dispatched, ns
        self._number = 0
        self._classes: list[ClientClass] = list(order.plan.load.classes)
        self._sources = {each.name: each.source for each in target.distances}
        self._cache: dict[tuple[str, int], tuple[str, int]] = {}
        self._users = order.users
        self._draining = self._stopping = False
        self._completions: list[Completion] = []
        self._start_ns = self._next_frame = self._next_second = 0
        self._starved = order.plan.lab.defect == "starved-generator"

    def run(self) -> None:
        """Until stopped, or drained."""
        self._start_ns = self._next_frame = self._clock.now_ns() + _LEAD_NS
        self._next_second = self._start_ns + _SECOND
        self._report("begin")
        self._engine.run(self._step)
        self._finish()

    def _step(self, ended: Sequence[Result]) -> int | None:
        """What is to be done now; answers when there is something to do next. None: the end."""
        for result in ended:
            self._take(result)
        self._write_completions()
        now = self._clock.now_ns()
        if now >= self._next_frame:
            self._listen()
            self._send_frame(final=False)
            self._next_frame = now + FRAME_EVERY_NS
        if now >= self._next_second:
            self._each_second()
            self._next_second += _SECOND
        if self._stopping or (self._draining and not self._flying and not len(self._devices)):
            return None
        if self._starved:
            time.sleep(_STARVED_PAUSE_S)  # the known-bad generator: a machine that gives it too little
        now = self._clock.now_ns()
        self._dispatch(now)
        return min(self._next_due(), self._next_frame, now + _SECOND)

    def stop(self) -> None:
        """End as soon as possible, leaving whole files."""
        self._stopping = True

    # sending

    def _next_due(self) -> int:
        due = self._clock.now_ns() + _SECOND
        if self._next < len(self._schedule) and not self._draining:
            due = min(due, self._start_ns + int(self._schedule.due_ns[self._next]))
        if self._retries:
            due = min(due, self._retries[0][0])
        return due

    def _dispatch(self, now: int) -> None:
        """Everything that is due: first its invocation, for all of it, then the first byte."""
        ready: list[Kept] = []
        schedule, limit = self._schedule, now - self._start_ns
        while not self._draining and self._next < len(schedule) and schedule.due_ns[self._next] <= limit:
            at = self._next
            self._next += 1
            patient = int(schedule.patient[at])
            if patient // self._order.workers >= self._users:
                continue  # this patient does not take part (fewer users than patients)
            due = self._start_ns + int(schedule.due_ns[at])
            seq = int(schedule.seq[at])
            self._figures.intend()
            kept = self._devices.take(Kept(operation(patient, seq), patient, seq, due, due))
            if kept is not None and (back := self._back_at(patient)) > due:
                kept.due_ns = back  # the device has no network yet; what is due later waits behind this one
                self._wait_for(kept)
            elif kept is not None:
                ready.append(kept)
        while self._retries and self._retries[0][0] <= now and len(self._flying) < MOST_IN_FLIGHT:
            ready.append(heapq.heappop(self._retries)[2])
        if ready:
            self._begin(ready)

    def _back_at(self, patient: int) -> int:
        """When the patient's phone has a network, ns: phones that were without one do not all return at once."""
        kind = self._classes[self._patients.client[patient]]
        if not kind.offline_s:
            return 0
        return self._start_ns + int(kind.offline_s * _SECOND) + mix(patient) % int(kind.return_s * _SECOND)

    def _begin(self, ready: list[Kept]) -> None:
        invocations, attempts = [], []
        for kept in ready:
            kept.attempt += 1
            upload, attempt = self._prepare(kept)
            attempts.append(attempt)
            invocation = self._invocation(kept, upload, self._clock.now_ns())
            invocations.append(invocation)
            self._flying[attempt.number] = (kept, upload, invocation.t_dispatched)
        self._history.invoke(invocations)
        for attempt, row in zip(attempts, invocations, strict=True):
            self._figures.begin((row.t_dispatched - row.t_scheduled) // 1_000_000)
            self._engine.begin(attempt)

    def _prepare(self, kept: Kept) -> tuple[Upload, Attempt]:
        patient, patients = kept.patient, self._patients
        kind = self._classes[patients.client[patient]]
        distance = patients.distances[patients.distance[patient]]
        upload = self._uploads.make(
            patient,
            kept.seq,
            patients.conditions[patients.condition[patient]],
            kept.intended_ns,
            keep=kind.keep_alive,
        )
        self._number += 1
        attempt = Attempt(
            number=self._number,
            source=self._sources.get(distance),
            distance=distance,
            resolver=kind.resolver,
            client=kind.name,
            patient=patient,
            request=upload.request,
            address=self._cached(kind, patient),
            keeper=patient if kind.keep_alive else None,
            resume=(mix(kept.op ^ self._plan.seed) & 0xFFFF) / 0x10000 < self._plan.load.tls_resumed,
        )
        return upload, attempt

    def _cached(self, kind: ClientClass, patient: int) -> str | None:
        if not kind.cache_s:
            return None
        address, until = self._cache.get((kind.name, patient % _GATEWAYS), ("", 0))
        return address if self._clock.now_ns() < until else None

    def _invocation(self, kept: Kept, upload: Upload, now: int) -> Invocation:
        patient, patients = kept.patient, self._patients
        kind = self._classes[patients.client[patient]]
        return Invocation(
            op=kept.op,
            digest=upload.short_digest,
            attempt=kept.attempt,
            signal=upload.signal,
            region=patients.regions[patients.region[patient]],
            distance=patients.distances[patients.distance[patient]],
            resolver=kind.resolver,
            client=kind.name,
            t_intended=kept.intended_ns,
            t_scheduled=kept.due_ns,
            t_dispatched=now,
        )

    # what came of it

    def _take(self, result: Result) -> None:
        kept, upload, dispatched = self._flying.pop(result.attempt.number)
        outcome = judge(result, upload.digest)
        headers = result.headers
        self._completions.append(
            Completion(
                op=kept.op,
                attempt=kept.attempt,
                t_done=result.t_done,
                outcome=outcome.outcome,
                address=result.address,
                connection=result.connection,
                tls=result.tls,
                t_connected=result.t_connected,
                t_sent=result.t_sent,
                status=result.status,
                error=outcome.error,
                site=headers.get("serving-site", ""),
                role=headers.get("serving-role", ""),
                version=headers.get("service-version", ""),
                ack=int(headers["upload-ack"]) if outcome.outcome == "ok" else -1,
            )
        )
        self._figures.end(result, kept, outcome.outcome, outcome.error)
        if self._usage is not None:
            self._usage.note(kept.op, result.attempt.client, outcome.error, kept.intended_ns, dispatched, result.t_done)
        self._remember_address(result)
        if outcome.again:
            self._devices.back_off(kept, result.t_done)
            self._wait_for(kept)
        else:
            following = self._devices.done(kept, result.t_done)
            if following is not None:
                following.due_ns += int(self._classes[self._patients.client[following.patient]].pause_s * _SECOND)
                self._wait_for(following)

    def _wait_for(self, kept: Kept) -> None:
        heapq.heappush(self._retries, (kept.due_ns, kept.op, kept))

    def _remember_address(self, result: Result) -> None:
        kind = self._classes[self._patients.client[result.attempt.patient]]
        if kind.cache_s and result.attempt.address is None and result.address:
            place = (kind.name, result.attempt.patient % _GATEWAYS)
            self._cache[place] = (result.address, self._clock.now_ns() + int(kind.cache_s * 1e9))

    def _write_completions(self) -> None:
        if self._completions:
            self._history.complete(self._completions)
            self._completions.clear()

    # orders, figures, the end

    def _listen(self) -> None:
        while select.select([0], [], [], 0)[0]:
            data = os.read(0, 1 << 16)
            if not data:
                self._stopping = True
                return
            for line in data.splitlines():
                order = json.loads(line)
                self._users = order.get("users", self._users)
                self._draining = self._draining or bool(order.get("drain"))
                self._stopping = self._stopping or bool(order.get("stop"))

    def _send_frame(self, *, final: bool) -> None:
        before = self._clock.now_ns() - int(self._plan.objectives.deadline_s * 1e9)
        self._figures.send(
            in_flight=len(self._flying),
            queued=len(self._devices),
            overdue=self._devices.overdue(before),
            users=self._users,
            connections=self._engine.connections,
            final=final,
        )

    def _each_second(self) -> None:
        for each in self._engine.lookups():
            self._lookups.append(
                *(each.t_asked, each.t_answered or None, "patients", "resolver", each.resolver, each.client),
                *(self._uploads.host, each.answer or None, each.ttl if each.answer else None, each.rcode, each.patient),
            )
        self._lookups.flush()
        self._figures.sample(in_flight=len(self._flying), queued=len(self._devices))
        self._history.sync()

    def _report(self, state: str) -> None:
        self._figures.report(
            state,
            schedule_digest=self._digest,
            engine=self._plan.load.engine,
            start_ns=self._start_ns,
            rows=self._history.rows,
        )

    def _finish(self) -> None:
        self._write_completions()
        never = [kept for kept in self._devices.waiting() if kept.attempt == 0]
        self._history.unsent([self._invocation(kept, self._prepare(kept)[0], 0) for kept in never])
        self._each_second()
        self._engine.close()
        self._report("end")
        self._history.close()
        self._lookups.close()
        if self._usage is not None:  # last: it may have to wait, and nothing else should wait for it
            self._figures.account(**asdict(self._usage.finish()))
        self._figures.close()
        self._send_frame(final=True)


def main() -> int:
    order = Order.model_validate_json(sys.argv[1])
    clock = Clock.from_environment({"ZWEITHERZ_CLOCK": order.clock})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sender = Sender(order, read_target(Path(order.target)), clock)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sender.stop())
    gc.freeze()  # population and schedule live to the end: no collection need walk them
    sender.run()
    sys.stdout.flush()
    # some engines' libraries abort while the interpreter is taken down; everything is on disk by now
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
