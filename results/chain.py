"""A chained list of SHA-256, in the format of sha256sum: what was changed, removed, added or moved in it shows.

::

    # zweitherz/manifest/1
    # link 41f0…                          SHA-256 of 64 zeros and the line above
    9c56…  plan.yaml
    # link 77ab…                          SHA-256 of the link before it and the line above: "<link>\\n<line>\\n"
    # 1 files
    # link e09d…                          the head: whoever knows it knows the whole list

``sha256sum --check`` takes such a file as it is, since lines that begin with # are remarks to it; a link is computed again by
``printf '%s\\n%s\\n' LINK 'LINE' | sha256sum``. The number of files stands last, so that an end that was cut off shows as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_BEFORE = "0" * 64
_LINK = "# link "
_ENTRY = re.compile(r"([0-9a-f]{64})  (\S(?:.*\S)?)")


class BrokenChain(ValueError):
    """The list is not as it was written: names the line."""


@dataclass(frozen=True)
class Listed:
    """A list as read. `digests`: SHA-256 (hex) by name, in order. `head`: the last link; empty in a list that has no links."""

    remarks: tuple[str, ...]
    digests: Mapping[str, str]
    head: str

    def remark(self, word: str) -> list[str]:
        """What the remarks say that begin with that word."""
        return [each.removeprefix(f"{word} ") for each in self.remarks if each.startswith(f"{word} ")]


def render(remarks: Sequence[str], digests: Mapping[str, str]) -> str:
    """The list as text: `remarks` first (one line each), then the files in the order given, each line with its link."""
    lines = [*(f"# {each}" for each in remarks), *(f"{digest}  {name}" for name, digest in digests.items())]
    return "".join(f"{line}\n{_LINK}{link}\n" for line, link in _linked([*lines, _count(len(digests))]))


def parse(text: str) -> Listed:
    """A list that was rendered, or one of plain sha256sum (older runs have those). Raises BrokenChain."""
    lines = text.split("\n")
    if lines.pop() != "":
        raise BrokenChain(f"line {len(lines) + 1}: cut off")
    if not any(line.startswith("#") for line in lines):
        return Listed((), _entries(lines), "")
    said, head = lines[::2], _BEFORE
    for number, (line, link) in enumerate(_linked(said)):
        if lines[2 * number + 1 : 2 * number + 2] != [_LINK + link]:
            raise BrokenChain(f"line {2 * number + 1}: the chain is broken there (changed, removed or moved)")
        head = link
        if not line.isprintable():
            raise BrokenChain(f"line {2 * number + 1}: not printable")
    first = next((number for number, line in enumerate(said) if not line.startswith("# ")), len(said) - 1)
    remarks, entries, end = said[:first], said[first:-1], said[-1]
    digests = _entries(entries)
    if end != _count(len(digests)):
        raise BrokenChain(f"line {len(lines)}: cut off after {len(digests)} files")
    return Listed(tuple(each.removeprefix("# ") for each in remarks), digests, head)


def _linked(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    link = _BEFORE
    for line in lines:
        link = hashlib.sha256(f"{link}\n{line}\n".encode()).hexdigest()
        yield line, link


def _entries(lines: Sequence[str]) -> dict[str, str]:
    digests: dict[str, str] = {}
    for line in lines:
        match = _ENTRY.fullmatch(line)
        if match is None:
            raise BrokenChain(f"{line[:80]!r}: not a SHA-256 and a name")
        if match[2] in digests:
            raise BrokenChain(f"{match[2]}: listed twice")
        digests[match[2]] = match[1]
    return digests


def _count(files: int) -> str:
    return f"# {files} files"
