from __future__ import annotations

from collections.abc import Callable

import pytest

from drill.notify.patience import Definite, GivenUp, Transient, persist


class Clock:
    """Time that passes only by waiting, and by `cost` with each attempt."""

    def __init__(self, cost: float = 0.0) -> None:
        self.t, self.pauses, self.left, self.cost = 0.0, [], [], cost

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.t += seconds

    def persist(self, *ends: Exception | None, within_s: float = 60, share: float = 1.0) -> int:
        waiting = list(ends)

        def attempt(left_s: float) -> None:
            self.left.append(left_s)
            self.t += self.cost
            if error := waiting.pop(0) if len(waiting) > 1 else waiting[0]:
                raise error

        return persist(attempt, within_s, now=lambda: self.t, sleep=self.sleep, share=lambda: share)


def test_what_works_is_done_once() -> None:
    clock = Clock()
    assert (clock.persist(None), clock.pauses, clock.left) == (1, [], [60])


@pytest.mark.parametrize(("share", "pauses"), [(1.0, [0.5, 1.0, 2.0]), (0.0, [0.25, 0.5, 1.0])])
def test_pauses_double_and_lie_between_half_and_whole(share: float, pauses: list[float]) -> None:
    clock = Clock()
    assert clock.persist(Transient("x"), Transient("x"), Transient("x"), None, share=share) == 4
    assert clock.pauses == pauses


def test_a_receiver_that_asks_for_a_pause_gets_it_if_there_is_time() -> None:
    clock = Clock()
    assert clock.persist(Transient("x", 20), Transient("x", 0.1), None) == 3
    assert clock.pauses == [20, 1.0]
    with pytest.raises(GivenUp, match=r"^busy \(1 attempt\)$"):
        Clock().persist(Transient("busy", 60))


@pytest.mark.parametrize(
    ("clock", "attempts"),
    [
        (Clock(), 7),  # 0.5 + 1 + 2 + 4 + 8 + 15 s of pauses; the next 15 s would go beyond 40 s
        (Clock(cost=10), 4),  # 40 s are over
    ],
)
def test_it_ends(clock: Clock, attempts: int) -> None:
    with pytest.raises(GivenUp) as told:
        clock.persist(Transient("no connection"), within_s=40)
    assert (told.value.attempts, str(told.value)) == (attempts, f"no connection ({attempts} attempts)")
    assert clock.t - clock.cost <= 40, "no attempt begins later"


def test_attempts_are_bounded_as_well() -> None:
    with pytest.raises(GivenUp, match="8 attempts"):
        Clock().persist(Transient("x"), within_s=600)


def test_a_definite_answer_is_not_asked_for_again() -> None:
    clock = Clock()
    with pytest.raises(GivenUp, match=r"^refused \(2 attempts\)$"):
        clock.persist(Transient("x"), Definite("refused"), None)


def test_what_is_neither_is_no_reason_to_go_on() -> None:
    failing: Callable[[float], None] = lambda _: int("x") and None  # noqa: E731
    with pytest.raises(ValueError, match="invalid literal"):
        persist(failing, 60)
