"""Tries again, and not for ever: exponential pauses with jitter within one bound, and only what may get better by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
_MOST_ATTEMPTS = 8


class Transient(Exception):
    """It may work later: no connection, no answer, overload. `after_s`: the pause that was asked for."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class Definite(Exception):
    """It will not work later either: a refusal, a certificate that is not trusted."""


class GivenUp(Exception):
    """It was not possible: one line with the number of attempts and the last reason. `attempts` made."""

    def __init__(self, attempts: int, why: str) -> None:
        super().__init__(f"{why} ({attempts} attempt{'s' if attempts != 1 else ''})")
        self.attempts = attempts


def persist(
    attempt: Callable[[float], None],
    within_s: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    share: Callable[[], float] = random.random,
) -> int:
    """Call `attempt` with the seconds that are left until it succeeds; returns the number of attempts. Raises GivenUp.

    The n-th pause is between half and the whole of 0.5 s * 2^(n-1), at most 15 s, and never shorter than the receiver asked for.
    """
    ends = now() + within_s
    made = 0
    while True:
        made += 1
        try:
            attempt(ends - now())
        except Definite as error:
            raise GivenUp(made, str(error)) from error
        except Transient as error:
            pause = min(_FIRST_PAUSE_S * 2 ** (made - 1), _LONGEST_PAUSE_S) * (0.5 + share() / 2)
            pause = max(pause, error.after_s or 0)
            if made == _MOST_ATTEMPTS or now() + pause >= ends:
                raise GivenUp(made, str(error)) from error
            sleep(pause)
        else:
            return made
