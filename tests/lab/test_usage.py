"""Processor time and memory of services: children included, ended ones left out."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

from lab import usage
from tests.lab.running import eventually

PARENT = "import subprocess,sys; subprocess.run([sys.executable, '-c', 'x = bytearray(64 << 20); input()'])"


def test_a_services_children_belong_to_it() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE) as parent:
        family = psutil.Process(parent.pid)
        eventually(lambda: any(child.memory_info().rss > 64 << 20 for child in family.children()))
        used = usage.by_service({"service": parent.pid, "gone": 2**30})
        assert set(used) == {"service"}
        assert used["service"]["rss_bytes"] > 64 << 20
        assert used["service"]["cpu_s"] > 0
        parent.communicate(b"\n")
    assert usage.by_service({"service": parent.pid}) == {}


def test_memory_of_everything_is_at_least_that_of_this_process() -> None:
    own = psutil.Process(os.getpid()).memory_full_info().pss
    assert usage.memory_bytes() >= 0.9 * own
