"""Opens a pack (`results.pack`) into a folder, and says what in it is not as it was packed. Trusts nothing that the pack says."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from results import chain
from results.archive import BadArchive, Member, Reader
from results.manifest import MANIFEST, read_manifest
from results.pack import INCOMPLETE, LIST, SCHEMA, SIGNATURE, started

_LONGEST_LIST = 32 << 20
_LONGEST_SIGNATURE = 64 << 10


@dataclass
class Unpacked:
    """What came out.

    run        folder of the run
    text       PACK.sha256 as it is in the archive, `signature` its signature, where there is one
    listed     what that lists; `manifest` what MANIFEST.sha256 lists, where it counts
    changed    one line for each file whose content is another one
    files      number of members
    """

    run: Path
    text: bytes
    listed: chain.Listed
    signature: bytes | None = None
    manifest: chain.Listed | None = None
    changed: list[str] = field(default_factory=list)
    files: int = 1

    @property
    def incomplete(self) -> list[str]:
        """Why it was not whole when it was packed, as the pack says."""
        return self.listed.remark(INCOMPLETE)


def unpack(file: IO[bytes], size: int, folder: Path) -> Unpacked:
    """Everything of an archive of `size` bytes, below `folder`, which is empty.

    Raises BadArchive where its structure, its order or one of its two lists is not as it was written: the rest is not looked at.
    """
    reader = Reader(file, size)
    opened = _first(reader, folder)
    queue = deque(opened.listed.digests.items())
    member = _next(reader, opened, f"{SIGNATURE} or {queue[0][0] if queue else 'end'}")
    if member is not None and _name(member, opened) == SIGNATURE:
        opened.signature = _whole(reader, member, _LONGEST_SIGNATURE)
        member = _next(reader, opened, queue[0][0] if queue else "end")
    while queue:
        name, expected = queue.popleft()
        if member is None:
            raise BadArchive(f"{name}: missing")
        if _name(member, opened) != name:
            raise BadArchive(f"{name}: missing, or not in its place: {member.name} stands there")
        if _save(reader.content(member), opened.run / name) != expected:
            opened.changed.append(f"{name}: changed: its SHA-256 is not the one listed")
        if name == MANIFEST and not opened.incomplete:
            opened.manifest = _manifest(opened.run)
            queue.extendleft(reversed(list(opened.manifest.digests.items())))
        member = _next(reader, opened, queue[0][0] if queue else "end")
    if member is not None:
        raise BadArchive(f"{member.name}: in the archive, and not listed")
    return opened


def _first(reader: Reader, folder: Path) -> Unpacked:
    member = reader.member(LIST)
    if member is None:
        raise BadArchive(f"{LIST}: missing: the archive is empty")
    run, _, name = member.name.partition("/")
    if name != LIST:
        raise BadArchive(f"{LIST}: missing, or not in its place: {member.name} stands there")
    text = _whole(reader, member, _LONGEST_LIST)
    try:
        listed = chain.parse(text.decode())
    except (chain.BrokenChain, UnicodeDecodeError) as error:
        raise BadArchive(f"{LIST}: {error}") from error
    if not listed.head or listed.remarks[:2] != (SCHEMA, f"run {run}"):
        raise BadArchive(
            f"{LIST}: expected {SCHEMA} of run {run}, found {', '.join(listed.remarks[:2])[:120] or 'no remarks'}"
        )
    opened = Unpacked(folder / run, text, listed)
    _name(member, opened)
    opened.run.mkdir()
    return opened


def _next(reader: Reader, opened: Unpacked, expected: str) -> Member | None:
    member = reader.member(expected)
    opened.files += member is not None
    return member


def _name(member: Member, opened: Unpacked) -> str:
    """Its name below the run's folder. Raises BadArchive where it is not below it, or carries another time than the run's."""
    run = opened.run.name
    if not member.name.startswith(f"{run}/"):
        raise BadArchive(f"{member.name}: archive structure: not in the folder {run}")
    if member.mtime != started(run):
        raise BadArchive(f"{member.name}: archive structure: carries another time than the run's")
    return member.name.removeprefix(f"{run}/")


def _whole(reader: Reader, member: Member, longest: int) -> bytes:
    if member.size > longest:
        raise BadArchive(f"{member.name}: {member.size} bytes, at most {longest} are expected")
    return b"".join(reader.content(member))


def _save(pieces: Iterable[bytes], path: Path) -> str:
    """Write a new file, and nothing but a new file; returns its SHA-256 in hex."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sha = hashlib.sha256()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as out:
        for piece in pieces:
            sha.update(piece)
            out.write(piece)
    return sha.hexdigest()


def _manifest(run: Path) -> chain.Listed:
    try:
        return read_manifest(run)
    except chain.BrokenChain as error:
        raise BadArchive(f"{MANIFEST}: {error}") from error
