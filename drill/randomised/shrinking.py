"""Makes a failing composition smaller: the parts without which it fails all the same are left out (delta debugging).

Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input (IEEE TSE 2002), algorithm ddmin: ever smaller pieces are
left out, until no single part can be. Each question is a drill of a minute and a half, so that their number is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drill.randomised.composition import Composition, Part


@dataclass(frozen=True)
class Shrunk:
    """`asked`: how many drills that took. `minimal`: no single part more can be left out; else the bound came first."""

    composition: Composition
    asked: int
    minimal: bool


def shrink(failing: Composition, fails: Callable[[Composition], bool], most: int) -> Shrunk:
    """The smallest that still `fails`, after at most so many questions."""
    known = {_names(failing): True}

    def still_fails(parts: Sequence[Part]) -> bool:
        smaller = failing.only(parts)
        names = _names(smaller)
        if names not in known:
            if len(known) > most:
                raise _Enough
            known[names] = fails(smaller)
        return known[names]

    parts, pieces = list(failing.parts), 2
    try:
        if parts and still_fails([]):
            parts = []
        while len(parts) > 1:
            size = -(-len(parts) // pieces)
            without = [parts[:at] + parts[at + size :] for at in range(0, len(parts), size)]
            smaller = next((rest for rest in without if still_fails(rest)), None)
            if smaller is not None:
                parts, pieces = smaller, max(2, pieces - 1)
            elif size == 1:
                break
            else:
                pieces = min(len(parts), 2 * pieces)
    except _Enough:
        return Shrunk(failing.only(parts), len(known) - 1, minimal=False)
    return Shrunk(failing.only(parts), len(known) - 1, minimal=True)


def _names(composition: Composition) -> tuple[str, ...]:
    return tuple(part.name for part in composition.parts)


class _Enough(Exception):
    """The bound was reached."""
