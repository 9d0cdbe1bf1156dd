"""Asks whoever sits at the terminal to approve a step of the takeover. The answer is a file of the run, as in CI."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from chaos.people import FOLDER


def ask(run: Path, step: str, of: str) -> str:
    """What to say to people. At a terminal, a line on standard input approves, and what is typed in it is the reason.

    The drill goes on meanwhile: somebody who never answers holds up nothing but the takeover.
    """
    file = run / FOLDER / step
    if not sys.stdin.isatty():
        return f"{step} waits for {of}: write the reason into {FOLDER}/{step} of {run.name}"
    threading.Thread(target=_listen, args=(file,), name="approval", daemon=True).start()
    return f"{step} waits for {of}: press Enter, or type the reason and press Enter"


def _listen(file: Path) -> None:
    if line := sys.stdin.readline():  # nothing at all: the terminal is gone, and that approves nothing
        write_approval(file, line.strip())


def write_approval(file: Path, reason: str) -> None:
    """At once or not at all: whoever looks meanwhile finds a whole reason."""
    draft = file.with_suffix(".part")
    draft.write_text(reason)
    draft.replace(file)
