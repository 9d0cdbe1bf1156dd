"""What a fault is: three functions, and the words for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chaos.context import Context
from chaos.drivers import Driver
from results.plan import Condition, Fault


class NoReceipt(RuntimeError):
    """The order was carried out, and nothing shows that anything happened."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault; each has a file of its own.

    name      as plans name it; `about`: in a sentence
    hows      the words that `how` may have in a plan; none: it is not asked
    needs     operations of the driver that it uses; `needs_by_how`: and those that it uses when it is done in that way
    inverse   name of its inverse in ``undo.jsonl``
    owed      parameters of the inverse of a fault
    inject    acts; the inverse is on disk by then
    receipt   since when the effect shows (ns). Raises NoReceipt; `proof` says what counts as one
    again     done every `every_s` while the fault lasts; None: cannot be repeated
    undo      the inverse, harmless when there is nothing to undo; raises OSError, RuntimeError
    services  the services that a plan may name; none: it is not asked
    deployment  what the servers are deployed as, of faults that deploy
    lifted    returns when the effect is seen to be gone. Raises RuntimeError when it is not
    """

    name: str
    about: str
    proof: str
    needs: tuple[str, ...]
    inverse: str
    owed: Callable[[Fault | Condition], dict[str, str]]
    inject: Callable[[Context, Fault | Condition], None]
    receipt: Callable[[Context, Fault | Condition], int]
    undo: Callable[[Driver, Mapping[str, str]], None]
    lifted: Callable[[Context, Mapping[str, str]], None]
    again: Callable[[Context, Fault | Condition], None] | None = None
    hows: tuple[str, ...] = ()
    needs_by_how: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    deployment: str = ""
