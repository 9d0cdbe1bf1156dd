"""What a Locust process tells of its patients. In a process of its own: importing Locust changes the standard library."""

from __future__ import annotations

import subprocess
import sys

STOPPED = """
from types import SimpleNamespace
from loadtests.fleet import Fleet

fleet = Fleet(SimpleNamespace(runner=None), None)
fleet.users = 7
seen = []
fleet.stop = lambda: seen.append(fleet.users)
fleet.set_users(0)
print(seen, fleet.users)
"""


def test_patients_count_as_there_until_everything_they_sent_is_reported() -> None:
    done = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[7] 0\n"


COMING = """
import gevent
from types import SimpleNamespace
from loadtests.fleet import Fleet

fleet = Fleet(SimpleNamespace(runner=None), None)
early = gevent.spawn(fleet._all, fleet._present, ["a", "b"], 60)
for name in ("a", "b"):
    gevent.sleep(0)
    print(early.ready(), end=" ")
    fleet._came(None, SimpleNamespace(node_id=name, data={"here": True}))
print(early.get())
"""


def test_patients_are_given_to_workers_only_when_all_of_them_listen() -> None:
    done = subprocess.run([sys.executable, "-c", COMING], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False False True\n"


SILENT = """
import gevent
from types import SimpleNamespace
from loadtests.fleet import Fleet

environment = SimpleNamespace(runner=None, process_exit_code=None)
fleet = Fleet(environment, None)
print(fleet._all(fleet._present, ["a"], 0.05), environment.process_exit_code)
"""


def test_a_worker_that_never_says_a_word_is_waited_for_and_then_an_error() -> None:
    done = subprocess.run([sys.executable, "-c", SILENT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False 1\n"
