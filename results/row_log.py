"""Append-only rows of the smaller tables (lookups, samples, usage), one line each.

Each process writes a file of its own, ``<table>/<source>.rows``; `results.rows` makes one table of them all.
"""

from __future__ import annotations

import os
from pathlib import Path

Cell = int | float | str | None
UNIT = "\x1f"  # ASCII unit separator: in none of our names, addresses, numbers


class RowWriter:
    """Appends rows of one table, buffered until `flush`."""

    def __init__(self, run: Path, table: str, source: str) -> None:
        folder = run / table
        folder.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(folder / f"{source}.rows", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._lines: list[str] = []

    def append(self, *cells: Cell) -> None:
        """One row, cells in the order of the table's schema; None is null."""
        self._lines.append(UNIT.join("" if cell is None else str(cell) for cell in cells))

    def flush(self) -> None:
        """Hand everything to the kernel, whole lines in one write."""
        if self._lines:
            lines, self._lines = self._lines, []
            os.write(self._fd, ("\n".join(lines) + "\n").encode())

    def close(self) -> None:
        if self._fd >= 0:
            self.flush()
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1
