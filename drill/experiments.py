"""The drills that there are: files of ``chaos/experiments``, by name, or a file of one's own."""

from __future__ import annotations

import difflib
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent.parent / "chaos" / "experiments"


class UnknownDrill(ValueError):
    """Names the nearest valid spelling."""


def experiments() -> list[Path]:
    """All of them, ordered by name."""
    return sorted(_FOLDER.glob("*.yaml"))


def experiment(name: str) -> Path:
    """The drill of that name, or that file. Raises UnknownDrill."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml", ".json"):
        if not path.is_file():
            raise UnknownDrill(f"{name}: no such file")
        return path
    known = {each.stem: each for each in experiments()}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise UnknownDrill(
            f"drill {name!r}: unknown; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")
        )
    return known[name]
