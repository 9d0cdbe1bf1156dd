"""A Locust master and its workers, without a network. In a process of its own: importing Locust changes the standard library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BEGIN = """
import sys
from pathlib import Path
from types import SimpleNamespace

import gevent
from loadtests.asking import NoAnswer
from loadtests.master import HERE, Master
from results.clock import Clock
from results.plan import Plan
from results.timeline import read

run = Path(sys.argv[1])
class Event: add_listener = staticmethod(id)
events = SimpleNamespace(test_start=Event, test_stop=Event, quitting=Event)
environment = SimpleNamespace(events=events)
sent = []
runner = SimpleNamespace(
    register_message=lambda *_, **__: None, send_message=lambda *what: sent.append(what), clients={}, state="ready",
    quit=lambda: print("quit"))
failed = []
plan = Plan.model_validate({"drill": "x", "population": {"patients": 10}, "load": {"rate": 1}})
clock = Clock.anchored_now()
master = Master(environment, runner, plan=plan, run=run, tag="t", clock=clock, failed=lambda: failed.append(1))

def come(worker, clock="another"):
    master._came(None, SimpleNamespace(node_id=worker, data={"host": "h-" + worker, "clock": clock}))

def told():
    return [(e.kind, e.subject, e.data) for e in read(run / "timeline/fleet.jsonl")]
"""


def output(body: str, run: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + body, str(run)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_patients_are_given_to_workers_only_when_all_of_them_listen(tmp_path: Path) -> None:
    body = """
early = gevent.spawn(master.await_present, ["a", "b"])
for name in ("a", "b"):
    gevent.sleep(0)
    print(early.ready(), end=" ")
    come(name)
print(early.get())
"""
    assert output(body, tmp_path) == "False False True\n"


def test_a_worker_that_never_says_a_word_is_waited_for_and_then_an_error(tmp_path: Path) -> None:
    assert output("print(master.await_present(['a'], 0.05), failed)", tmp_path) == "False [1]\n"


# two workers: one answers everything, of the other each test says what becomes of it
TWO = """
for name in ("a", "b"):
    come(name)
    runner.clients[name] = SimpleNamespace(id=name, state="ready", user_classes_count={})
from locust import User
class Patient(User): pass
master._share_out(list(runner.clients.values()), [Patient])
skew = {"a": 0, "b": 7_000_000}

import hashlib
from loadtests.parcel import names_of
content = {}
for number, worker in enumerate("ab"):
    for name in names_of(number):
        content[name] = b"" if name.startswith("timeline") else name.encode() * 300_000  # several pieces

def ask(worker, question, within_s, **more):
    gevent.sleep(0)
    if question == "place":
        return {"shared": False}
    if question == "clock":
        now = clock.now_ns() + skew[worker]
        return {"t2": now, "t3": now}
    number = "ab".index(worker)
    if question == "end":
        return {"files": [{"name": n, "size": len(content[n]), "sha256": hashlib.sha256(content[n]).hexdigest()}
                          for n in names_of(number)]}
    piece = content[more["name"]][more["offset"]:][: 1 << 20]
    return {"offset": more["offset"], "piece": piece}
master._asking.ask = ask
"""
AFTER = """
lost = [(subject, data["why"], data["patients"], data["workers"]) for kind, subject, data in told() if data["state"] == "lost"]
collected = [subject for kind, subject, data in told() if data["state"] == "collected"]
print(lost, collected, len(failed), sorted(p.name for p in run.rglob("*") if p.is_file() and p.parent.name != "live"))
"""


def test_every_file_of_every_worker_is_in_the_run_with_the_bytes_it_had(tmp_path: Path) -> None:
    body = f"""{TWO}
master._begin(); runner.state = "running"; master._end()
print(all((run / name).read_bytes() == data for name, data in content.items()))
for kind, subject, data in told():
    if kind == "worker.clock":
        print(subject, data["state"], abs(data["offset_ns"] - skew["ab"[int(subject[-1])]]) <= data["round_trip_ns"] / 2)
{AFTER}"""
    first, *clocks, rest = output(body, tmp_path).splitlines()
    assert first == "True"
    assert sorted(clocks) == [f"sender-{n} {state} True" for n in (0, 1) for state in ("after", "before")]
    assert rest.startswith("[] ['sender-0', 'sender-1'] 0 ")


def test_a_worker_that_dies_while_it_sends_is_named_and_the_other_one_is_whole(tmp_path: Path) -> None:
    body = f"""{TWO}
def dying(worker, question, within_s, **more):
    if worker == "b" and question == "piece" and more["offset"]:
        raise NoAnswer("no heartbeat")
    return ask(worker, question, within_s, **more)
master._asking.ask = dying
master._begin(); runner.state = "running"; master._end()
{AFTER}"""
    line = output(body, tmp_path)
    assert line.startswith("[('sender-1', 'no heartbeat', 5, 2)] ['sender-0'] 1 ")
    assert "worker-001" not in line, "half a file is no evidence"
    assert ".part" not in line


def test_a_changed_byte_is_refused_and_named(tmp_path: Path) -> None:
    body = f"""{TWO}
def changing(worker, question, within_s, **more):
    answer = ask(worker, question, within_s, **more)
    if worker == "b" and "piece" in answer and more["name"].endswith(".hlog") and more["offset"]:
        answer["piece"] = b"!" + answer["piece"][1:]
    return answer
master._asking.ask = changing
master._begin(); runner.state = "running"; master._end()
{AFTER}"""
    line = output(body, tmp_path)
    assert line.startswith("[('sender-1', 'history/log/worker-001.hlog: SHA-256 ")
    assert "['sender-0'] 1 " in line
    assert "worker-001" not in line.partition("] 1 ")[2]


def test_a_worker_without_heartbeats_is_named_at_once_and_lost_at_the_end(tmp_path: Path) -> None:
    body = f"""{TWO}
master._begin(); runner.state = "running"
runner.clients["b"].state = "missing"
while not master._placed["b"].silent:
    gevent.sleep(0.05)
print([data["state"] for kind, subject, data in told() if kind == "worker" and subject == "sender-1"])
master._end()
{AFTER}"""
    first, second = output(body, tmp_path).splitlines()
    assert first == "['placed', 'silent']"
    assert second.startswith("[('sender-1', 'no heartbeat', 5, 2)] ['sender-0'] 1 ")


def test_when_all_have_quit_all_are_lost_though_locust_takes_the_test_for_stopped(tmp_path: Path) -> None:
    body = f"""{TWO}
master._begin(); runner.state = "stopped"
for name in ("a", "b"):
    master._came(None, SimpleNamespace(node_id=name, data={{"leaves": True}}))
    del runner.clients[name]
master._end()
master._end()
{AFTER}"""
    assert output(body, tmp_path).startswith(
        "[('sender-0', 'it has quit', 5, 2), ('sender-1', 'it has quit', 5, 2)] [] 2 "
    )


def test_readings_of_a_lost_worker_are_due_until_the_drain(tmp_path: Path) -> None:
    body = f"""{TWO}
from loadtests.population import make_patients
from loadtests.schedule import make_schedule
whole = make_schedule(make_patients(plan), plan.load, plan.seed, 20)

class Time:
    now_s = 0
    wall_ns = monotonic_ns = 0
    def now_ns(self): return self.now_s * 1_000_000_000
master._clock = clock = Time()
master._begin(); runner.state = "running"
clock.now_s = 20
master.drain()
clock.now_s = 50
runner.clients["b"].state = "missing"
master._end()
(due,) = [data["due"] for kind, subject, data in told() if data["state"] == "lost"]
print(due == len(whole.of_worker(1, 2)) > 0, sent[-1][1])
"""
    assert output(body, tmp_path) == "True {'drain': True}\n"


def test_one_that_was_only_silent_is_heard_again_and_nothing_is_lost(tmp_path: Path) -> None:
    body = f"""{TWO}
master._begin(); runner.state = "running"
for state in ("missing", "running"):
    runner.clients["b"].state = state
    while master._placed["b"].silent != (state == "missing"):
        gevent.sleep(0.05)
master._end()
{AFTER}"""
    assert output(body, tmp_path).startswith("[] ['sender-0', 'sender-1'] 0 ")


def test_a_worker_that_comes_late_is_told_that_it_has_no_patients(tmp_path: Path) -> None:
    body = f"""{TWO}
master._begin(); runner.state = "running"
come("c")
print(sent)
"""
    assert output(body, tmp_path) == "[('fleet', {'late': True}, 'c')]\n"


def test_workers_on_the_clock_of_the_master_are_not_measured(tmp_path: Path) -> None:
    body = f"""{TWO}
from loadtests.clock_offset import identity
for name in ("a", "b"):
    come(name, identity(clock))
master._begin()
print([kind for kind, _, _ in told()])
"""
    assert output(body, tmp_path) == "['worker', 'worker']\n"
