"""Who gives way: a session as a whole where the kernel weighs sessions, and a process within its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.precedence import LAB_NICE, nice, weigh_session

AUTOGROUPS = Path("/proc/self/autogroup").exists()


def test_a_process_gives_way_beyond_its_parent() -> None:
    print_nice = (sys.executable, "-c", "import os; print(os.nice(0))")
    shown = subprocess.run([*nice(4), *print_nice], capture_output=True, text=True, timeout=20, check=True).stdout
    assert int(shown) == min(19, os.nice(0) + 4)


@pytest.mark.skipif(not AUTOGROUPS, reason="this kernel has no autogroups")
def test_a_session_is_given_its_value() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as leader:
        weigh_session(leader.pid, LAB_NICE)
        assert Path(f"/proc/{leader.pid}/autogroup").read_text().split()[-1] == str(LAB_NICE)
        leader.communicate(b"\n")


def test_a_session_that_is_gone_is_no_error() -> None:
    weigh_session(2**22 + 1, LAB_NICE)
