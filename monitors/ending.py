"""An event that SIGTERM and SIGINT set, however many come, and whatever the main thread does just then."""

from __future__ import annotations

import os
import signal
import threading


def on_signals(*numbers: signal.Signals) -> threading.Event:
    """Set when one of these arrives. To be called in the main thread.

    A handler runs between two instructions of the main thread, which may hold the event's own lock (it waits for the event most
    of the time): a handler that sets it can wait for ever. So the handler only writes a byte, and a thread sets the event.
    """
    ending = threading.Event()
    read_end, write_end = os.pipe()
    for number in numbers:
        signal.signal(number, lambda *_: os.write(write_end, b"."))

    def await_one() -> None:
        os.read(read_end, 1)
        ending.set()

    threading.Thread(target=await_one, name="signals", daemon=True).start()
    return ending
