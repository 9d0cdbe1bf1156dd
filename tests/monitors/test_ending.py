"""Signals that come while the main thread is about the event itself, as when a drill and what stands between die together."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
# the moment in which a handler that sets the event waits for ever: the main thread is within the event's lock
WITHIN_THE_LOCK = """
import signal
from monitors.ending import on_signals
ending = on_signals(signal.SIGTERM, signal.SIGINT)
with ending._cond:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        signal.raise_signal(number)
print("ended" if ending.wait(20) else "never told")
"""
WAITING = """
import signal
from monitors.ending import on_signals
ending = on_signals(signal.SIGTERM, signal.SIGINT)
print("waiting", flush=True)
ending.wait()
print("ended", flush=True)
"""


def test_signals_within_the_events_own_lock_set_it_all_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHIN_THE_LOCK], capture_output=True, text=True, cwd=HOME, timeout=60, check=False
    )
    assert done.stdout == "ended\n", done.stderr


def test_a_signal_from_outside_sets_it() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True, cwd=HOME) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert out == "ended\n"
