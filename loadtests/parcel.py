"""The files of a worker that has a run folder of its own: listed with their SHA-256, read in pieces, received and verified.

::

    worker's run ── listed ──> master ── piece wanted ──> worker ── piece ──> [ name.part ] ── size, SHA-256 ──> master's run

Nothing of a file is in the master's run under its name before all of it has been verified.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from results.history_log import log_path

PIECE = 1 << 20  # bytes: what is under way from one worker at a time, and all that its master keeps of it in memory


class Refused(ValueError):
    """What was received is not what was announced: one line, with the file's name."""


@dataclass(frozen=True)
class Listed:
    """A file as its worker announces it. `name`: within the run."""

    name: str
    size: int
    sha256: str


def names_of(worker: int) -> tuple[str, ...]:
    """Every file that a sender may write, the history first; last its timeline: that it ended well counts only with the rest."""
    own = f"loadtests-{worker}"
    history = log_path(Path(), worker).as_posix()
    return (history, f"lookups/{own}.rows", f"samples/{own}.rows", f"usage/{own}.rows", f"timeline/{own}.jsonl")


def files_of(run: Path, worker: int) -> list[Listed]:
    """What of these there is."""
    found = []
    for name in names_of(worker):
        path = run / name
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
                found.append(Listed(name, file.tell(), digest.hexdigest()))
    return found


def read_piece(run: Path, worker: int, name: str, offset: int) -> bytes:
    """At most `PIECE` bytes from there on. Raises Refused for a file that is not the worker's, OSError."""
    if name not in names_of(worker):
        raise Refused(f"{name}: not a file of sender-{worker}")
    with (run / name).open("rb") as file:
        file.seek(offset)
        return file.read(PIECE)


def announced(told: list[dict[str, str | int]], worker: int) -> list[Listed]:
    """The list as it came. Raises Refused where it is not one of that worker's files, each once, the history among them."""
    try:
        files = [Listed(str(each["name"]), int(each["size"]), str(each["sha256"])) for each in told]
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"sender-{worker}: its list of files is none ({error!r})") from error
    names, known = [each.name for each in files], names_of(worker)
    for name in names:
        if name not in known or names.count(name) > 1:
            raise Refused(f"{name}: not a file of sender-{worker}, or named twice")
    for needed in (known[0], known[-1]):
        if needed not in names:
            raise Refused(f"{needed}: missing")
    return sorted(files, key=lambda each: known.index(each.name))


class Receiving:
    """One file on its way into a run. Use as a context manager: what was not finished leaves nothing behind."""

    def __init__(self, run: Path, file: Listed) -> None:
        self._path = run / file.name
        self._draft = self._path.with_name(f"{self._path.name}.part")
        self._file = file
        self._sha256 = hashlib.sha256()
        self.received = 0

    def __enter__(self) -> Receiving:
        if self._path.exists():
            raise Refused(f"{self._file.name}: is in the run already")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._out = self._draft.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()
        self._draft.unlink(missing_ok=True)

    @property
    def wants_more(self) -> bool:
        return self.received < self._file.size

    def take(self, offset: int, piece: bytes) -> None:
        """The next piece. Raises Refused."""
        if offset != self.received:
            raise Refused(f"{self._file.name}: the piece at byte {offset} came, that at {self.received} was due")
        if not piece or self.received + len(piece) > self._file.size:
            raise Refused(
                f"{self._file.name}: {len(piece)} bytes at {offset}, of a file that was announced with {self._file.size}"
            )
        self._out.write(piece)
        self._sha256.update(piece)
        self.received += len(piece)

    def finish(self) -> None:
        """Verified, on the disk, and there under its name. Raises Refused."""
        if self.received != self._file.size:
            raise Refused(f"{self._file.name}: {self.received} of {self._file.size} bytes came")
        found = self._sha256.hexdigest()
        if found != self._file.sha256:
            raise Refused(f"{self._file.name}: SHA-256 {found[:12]}… came, {self._file.sha256[:12]}… was announced")
        self._out.flush()
        os.fsync(self._out.fileno())
        self._draft.rename(self._path)
