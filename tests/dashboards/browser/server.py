"""The results browser as people start it: ``zweitherz serve``, in a process of its own, at a free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent.parent


class Served:
    """It answers when this is made. `url` ends with a slash."""

    def __init__(self, home: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drill.cli", "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HOME,
            env={**os.environ, "ZWEITHERZ_RESULTS": str(home)},
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        if found is None:
            self._process.kill()
            raise AssertionError(f"it does not listen: {line}{self._process.communicate()[1]}")
        self.url = found.group()
        self._complaints: str | None = None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        if self._complaints is None:
            self._process.send_signal(number)
            self._complaints = self._process.communicate(timeout=30)[1]
        return self._process.returncode

    def complaints(self) -> str:
        """What it wrote to standard error, once it has ended."""
        assert self._complaints is not None
        return self._complaints
