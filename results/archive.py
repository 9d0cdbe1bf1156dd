"""A tar archive in one form only: the same files give the same bytes, and a reader can account for every byte of it.

Plain files in the order given, mode 644, owner 0, one time for all; POSIX ustar, not compressed: in a compressed stream there
are bits that nothing reads, other releases of the compressor write other bytes, and a small file can become a large one (tables
of the evidence are compressed in themselves). Whatever differs from what `write` would have written is refused: other types
(links, devices), other fields, filled gaps, anything after the end.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

BLOCK = 512
_END = bytes(2 * BLOCK)
_CHUNK = 1 << 20
_MOST_MEMBERS = 100_000


class BadArchive(ValueError):
    """Not an archive as `write` writes it: one line that names the place."""


@dataclass(frozen=True)
class Member:
    """One file: its name in the archive, its size in bytes, the seconds since the epoch that it carries."""

    name: str
    size: int
    mtime: int

    def header(self) -> bytes:
        """The block that stands before its content. Raises BadArchive for a name or size that does not fit."""
        info = tarfile.TarInfo(self.name)
        info.size, info.mtime, info.mode = self.size, self.mtime, 0o644
        try:
            return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
        except ValueError as error:
            raise BadArchive(f"{self.name:.80}: {error}") from error


def safe(name: str) -> bool:
    """May a file of that name be made below a folder? No way out of it, nothing that a terminal or a shell takes amiss."""
    parts = name.split("/")
    return (
        name.isprintable()
        and not set(name) & set("\\\"'`$|<>*?:;&![]{}")
        and all(part and part.strip() == part and part not in (".", "..") and part[0] not in "-~#" for part in parts)
    )


def write(out: IO[bytes], members: Iterable[tuple[Member, Iterable[bytes]]]) -> None:
    """Each member with its content in pieces. Raises BadArchive where the content is not of the size announced."""
    for member, content in members:
        if not safe(member.name):
            raise BadArchive(f"{member.name!r:.80}: not a safe name")
        out.write(member.header())
        written = 0
        for piece in content:
            written += out.write(piece)
        if written != member.size:
            raise BadArchive(f"{member.name}: {written} bytes came, {member.size} were announced")
        out.write(bytes(_padding(member.size)))
    out.write(_END)


class Reader:
    """Goes through an archive of `size` bytes from its begin to its end. Content must be read before the next `member`."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def member(self, expected: str = "") -> Member | None:
        """The next member, or None at the end, which is then known to be the end. `expected` names it in messages.

        Raises BadArchive.
        """
        where = f"{expected or f'member {len(self._files) + 1}'}: archive structure"
        block = self._take(BLOCK, where)
        if not any(block):
            if self._left != BLOCK or any(self._take(BLOCK, where)):
                raise BadArchive(f"{where}: the end is not at the end")
            return None
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise BadArchive(f"{where}: header damaged ({error})") from error
        if info.type != tarfile.REGTYPE:
            kind = "a link" if info.issym() or info.islnk() else f"of type {info.type!r}"
            raise BadArchive(f"{where}: {info.name!r:.80} is {kind}, not a plain file")
        if not safe(info.name):
            raise BadArchive(f"{where}: {info.name!r:.80} is not a safe name")
        member = Member(info.name, info.size, int(info.mtime))
        if info.size < 0 or member.header() != block:
            raise BadArchive(f"{where}: header is not as it is written here")
        if info.size + _padding(info.size) + len(_END) > self._left:
            raise BadArchive(f"{where}: {info.size} bytes announced, {self._left} left")
        self._place(member.name, where)
        return member

    def content(self, member: Member) -> Iterator[bytes]:
        """The content of the member that was just named, in pieces. Raises BadArchive."""
        left = member.size
        while left:
            piece = self._take(min(left, _CHUNK), member.name)
            left -= len(piece)
            yield piece
        if any(self._take(_padding(member.size), member.name)):
            raise BadArchive(f"{member.name}: archive structure: the gap after it is filled")

    def _take(self, size: int, where: str) -> bytes:
        block = self._file.read(size)
        self._left -= len(block)
        if len(block) != size:
            raise BadArchive(f"{where}: cut off")
        return block

    def _place(self, name: str, where: str) -> None:
        folders = {name[:at] for at, letter in enumerate(name) if letter == "/"}
        if name in self._files:
            raise BadArchive(f"{where}: {name} is there twice")
        if name in self._folders or folders & self._files:
            raise BadArchive(f"{where}: {name} is a file and a folder")
        if len(self._files) >= _MOST_MEMBERS:
            raise BadArchive(f"{where}: more than {_MOST_MEMBERS} files")
        self._files.add(name)
        self._folders |= folders


def _padding(size: int) -> int:
    return -size % BLOCK
