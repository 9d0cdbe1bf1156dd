"""Parts of a report that the evidence may not have: what is missing is said in its place, and never stops the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dashboards.report.model import Missing
from results.evidence import Unusable

Made = TypeVar("Made")
# what evidence out of a stranger's hands can make of well-meant code: a number that is text, a key that is not there
_DAMAGED = (Unusable, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, OSError)


class NotThere(Exception):
    """This run has no such part. `reason` is a key of the words."""

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(reason)
        self.missing = Missing(reason=reason, said=said)


def part(make: Callable[[], Made]) -> Made | Missing:
    """What `make` makes, or why it cannot be made."""
    try:
        return make()
    except NotThere as absent:
        return absent.missing
    except _DAMAGED as error:
        return Missing(reason="evidence", said=said(error))


def said(error: Exception) -> str:
    """One line."""
    if isinstance(error, Unusable):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
