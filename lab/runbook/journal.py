"""What the runbook did and when: one JSON object a line, times of CLOCK_MONOTONIC (the same for every process here)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAME = "runbook.jsonl"
TAKEOVER, HAND_OVER = "takeover", "hand-over"  # procedures: from a site that is lost; as planned, from one that is well


class Journal:
    """Appends to ``<state>/runbook.jsonl``; each line is one write."""

    def __init__(self, state: Path, site: str, cluster: str, procedure: str = TAKEOVER) -> None:
        self._path = state / NAME
        self._head = {"procedure": procedure, "cluster": cluster, "site": site}

    def write(self, step: str, state: str, **more: Any) -> None:  # JSON values
        """Append one line; `state` is begin, end or failed."""
        line = {
            "t": time.monotonic_ns(),
            **self._head,
            "step": step,
            "state": state,
            **more,
        }
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, json.dumps(line).encode() + b"\n")
        finally:
            os.close(fd)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Begin and end of a step; when the body raises, the step has failed and says why."""
        self.write(name, "begin")
        try:
            yield
        except Exception as error:
            self.write(name, "failed", why=" ".join(f"{type(error).__name__}: {error}".split()))
            raise
        self.write(name, "end")


def read(state: Path) -> list[dict[str, Any]]:
    """All lines, in the order written."""
    return read_lines(state / NAME)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """JSON objects of a file, one a line; none without the file; a last line that was cut off is left out."""
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.splitlines()]
