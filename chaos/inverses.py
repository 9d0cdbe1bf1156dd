"""What may be owed, by the name it has in ``undo.jsonl``: how it is carried out, and how it is seen to have worked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chaos import hand_over, people
from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults import FAULTS


@dataclass(frozen=True)
class Way:
    """One inverse. `fault`: what it lifts; empty: it ends no fault."""

    undo: Callable[[Driver, Mapping[str, str]], None]
    seen: Callable[[Context, Mapping[str, str]], None]
    fault: str = ""


_WAYS = {
    **{kind.inverse: Way(kind.undo, kind.lifted, kind.name) for kind in FAULTS.values()},
    hand_over.INVERSE: Way(hand_over.undo, hand_over.settled),
    people.INVERSE: Way(people.ask_nobody, lambda *_: None),  # an answered order is all there is to see
}


def way(inverse: str) -> Way:
    """That inverse. Raises RuntimeError for one that is unknown: an older or newer version owes it."""
    if inverse not in _WAYS:
        raise RuntimeError(f"inverse {inverse!r} is unknown")
    return _WAYS[inverse]
