"""Whose patients are whose, with Locust's own dispatcher. In a process of its own: importing Locust changes the library."""

from __future__ import annotations

import subprocess
import sys

from loadtests.schedule import share

SCRIPT = """
from types import SimpleNamespace
from locust import User
from loadtests.shares import FixedShares

class Patient(User): pass

nodes = [SimpleNamespace(id=f"{host}_{n}") for host, n in (("b", 2), ("a", 9), ("b", 1), ("c", 4))]
shares = FixedShares(nodes, [Patient])

def dispatched(users):
    shares.new_dispatch(users, 1000)
    return last(list(shares))

def last(steps):
    return [steps[-1][name]["Patient"] for name in shares.order]

print(dispatched(10))
shares.remove_worker(nodes[0])
shares.add_worker(SimpleNamespace(id="late_1"))
print(dispatched(10), dispatched(7), len(shares.order))
"""


def test_users_are_patients_of_the_same_worker_whoever_comes_or_goes() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    shares = [[share(n, 4, users) for n in range(4)] for users in (10, 7)]
    assert done.stdout == f"{shares[0]}\n{shares[0]} {shares[1]} 4\n"
