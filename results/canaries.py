"""Canaries: values planted in uploads, tokens and keys that nothing but the product may ever hold.

==========  ============================================================================================
name        ``Kanari <tag>-<patient>``, the display name of a synthetic patient; also in base64
patient     ``p-000123``, as patients are named on the wire
token       a bearer token (JWT), or its claims alone
key         an idempotency key of this run, ``<tag>-<operation in hex>``
==========  ============================================================================================

Text is searched as it is and percent-decoded. A value inside of JSON inside of JSON is found all the same: none of them has a
character that JSON escapes, and an escaped character just before one (``\\n``, ``%3D``) does not hide it. Patterns mean the same
to Python and to DuckDB (RE2).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import unquote

_SHOWN = 6
_NAME = "Kanari"


def display_name(tag: str, patient: int) -> str:
    """A patient's name as uploads carry it; `tag` marks who uploads: eight hex digits."""
    return f"{_NAME} {tag}-{patient}"


def _in_base64(text: str) -> str:
    """What base64 makes of a text at each of the three places it can begin at, without the ends that its surroundings change."""
    stems = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + text.encode()).decode()
        known = (before + len(text)) * 8 // 6  # digits that the text alone decides, from its first whole one on
        stems.append(re.escape(whole[-(-before * 8 // 6) : known]))
    return "|".join(stems)


def patterns(tag: str) -> dict[str, str]:
    """Regular expression by name of canary, for the run with that tag."""
    begins = r"(?:\b|\\[bfnrt]|%[0-9A-Fa-f]{2})"
    claims = "eyJzdWIiOiJwLT"  # {"sub":"p- in base64
    return {
        "name": rf"{_NAME}(?:[ +]|%20)[0-9a-f]{{8}}-[0-9]+|{_in_base64(_NAME + ' ')}",
        "patient": rf"{begins}p-[0-9]{{6,10}}\b",
        "token": rf"eyJ[A-Za-z0-9_-]{{8,}}\.eyJ[A-Za-z0-9_-]{{8,}}\.|{claims}",
        "key": rf"{tag}-[0-9a-f]{{7,}}",
    }


def any_of(tag: str) -> str:
    """All of them as one expression."""
    return "|".join(f"(?:{pattern})" for pattern in patterns(tag).values())


@dataclass(frozen=True)
class Canary:
    """One that was found: which, and its first characters."""

    name: str
    masked: str


def find(text: str, tag: str) -> Canary | None:
    """The first canary in a text that belongs nowhere but into the product."""
    for shown in (text, unquote(text) if "%" in text else ""):
        for name, pattern in patterns(tag).items():
            if found := re.search(pattern, shown):
                value = re.sub(r"^(?:\\.|%..)", "", found[0])  # what stands before a patient is not of it
                return Canary(name, f"{value[:_SHOWN]}…")
    return None
