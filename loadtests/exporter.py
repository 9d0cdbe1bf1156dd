"""``python -m loadtests.exporter``: shows the load generator's figures to Prometheus; a process of its own.

Neither the sender, which has to be on time, nor Locust pays for a scrape. Standard input: a line of JSON for the start
(`Showing`), then for each frame one line, the sender's name, a space, and the frame (`loadtests.frame`). Its end means stop, so
an exporter never outlives its Locust. A line on standard output says where it serves.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from loadtests.exporting import Showing
from loadtests.frame import Frame
from loadtests.metrics import LoadMetrics
from loadtests.page import serve

_GIVES_WAY = 10


def main(lines: Iterable[str]) -> int:
    """Exit codes: 0, 1 when it cannot serve there."""
    coming = iter(lines)
    if (first := next(coming, None)) is None:
        return 0  # its Locust has ended before it began
    showing = Showing.from_json(first)
    metrics = LoadMetrics(showing.sites)
    try:
        where = serve(metrics.registry(), showing.address, showing.port, showing.pem, showing.ca)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"exporter: port {showing.port} of {showing.address}: {reason}", file=sys.stderr)
        return 1
    print(f"serving {where[0]} {where[1]}", flush=True)
    for line in coming:
        sender, _, frame = line.partition(" ")
        metrics.take(sender, Frame.from_json(frame))
    return 0


def give_way() -> None:
    """To the sender, which has to be on time. Kernels with autogroups weigh sessions, not processes (sched(7))."""
    os.nice(_GIVES_WAY)
    with contextlib.suppress(
        OSError
    ):  # no autogroups here, or not ours to weigh: it then gives way by its niceness alone
        Path("/proc/self/autogroup").write_text(str(_GIVES_WAY))


if __name__ == "__main__":
    give_way()
    sys.exit(main(sys.stdin))
