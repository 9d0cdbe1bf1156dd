"""Waits for what a cluster shows: a watch that breaks off tells nothing, a list that is asked for anew does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from chaos.drivers.kubernetes.cluster import ClusterRefused

_LOOK_EVERY_S = 0.2


def seen(look: Callable[[], bool], within_s: float) -> bool:
    """Whether it was seen in time. It looks at least once."""
    deadline = time.monotonic() + within_s
    while not look():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(_LOOK_EVERY_S)
    return True


def see(look: Callable[[], bool], otherwise: str | Callable[[], str], within_s: float) -> None:
    """Returns when it is seen. Raises ClusterRefused with what is so `otherwise`, and the limit."""
    if not seen(look, within_s):
        raise ClusterRefused(f"{otherwise if isinstance(otherwise, str) else otherwise()} after {within_s:g} s")
