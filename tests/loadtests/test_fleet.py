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
