"""Text that anybody may have written, made harmless for a page in Markdown: it is shown, and means nothing."""

from __future__ import annotations

import re

# an underscore between letters or digits is no emphasis (CommonMark 6.2), and names are full of them
_SPECIAL = re.compile(r"[\\`*\[\]~$|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def text(value: str) -> str:
    """One line of running text, or a cell of a table: no HTML, no markup, no line feed, no control character."""
    escaped = "".join(_HTML.get(character, character) for character in one_line(value))
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", escaped)


def code(value: str) -> str:
    """The same as code, also within a table (whose cells end at a bar even there)."""
    shown = one_line(value).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def one_line(value: str) -> str:
    """Printable characters only: what turns the direction of writing, or the colour of a terminal, is a space."""
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())
