"""Shrinking: what fails because of some parts comes down to those, within the bound."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hypothesis import given, settings
from hypothesis import strategies as st

from drill.randomised.composition import Composition, Part
from drill.randomised.shrinking import shrink


def composed(count: int) -> Composition:
    return Composition(1, "site-loss", tuple(Part(f"part-{number}", {"seed": number}) for number in range(count)))


def fails_by(culprits: Collection[int]) -> tuple[Callable[[Composition], bool], list[int]]:
    """Fails when all the culprits are in it. Counts how often it was asked."""
    asked: list[int] = []

    def fails(composition: Composition) -> bool:
        asked.append(len(composition.parts))
        return {f"part-{number}" for number in culprits} <= {part.name for part in composition.parts}

    return fails, asked


@settings(max_examples=100, deadline=None, derandomize=True)
@given(count=st.integers(0, 12), chosen=st.sets(st.integers(0, 11), max_size=4))
def test_exactly_the_culprits_are_left(count: int, chosen: set[int]) -> None:
    culprits = {number for number in chosen if number < count}
    fails, asked = fails_by(culprits)
    shrunk = shrink(composed(count), fails, most=1000)
    assert {part.name for part in shrunk.composition.parts} == {f"part-{number}" for number in culprits}
    assert (shrunk.minimal, shrunk.asked) == (True, len(asked))


def test_no_single_part_of_what_is_left_can_be_spared_though_others_would_do() -> None:
    """Fails with any two of five: more than one answer is smallest."""
    shrunk = shrink(composed(5), lambda composition: len(composition.parts) >= 2, most=1000)
    assert (len(shrunk.composition.parts), shrunk.minimal) == (2, True)


def test_the_bound_is_kept_and_said() -> None:
    fails, asked = fails_by({0, 5, 9})
    shrunk = shrink(composed(10), fails, most=4)
    assert (len(asked), shrunk.asked, shrunk.minimal) == (4, 4, False)
    assert fails(shrunk.composition)


def test_a_drill_that_fails_by_itself_is_left_without_any_part() -> None:
    assert shrink(composed(6), lambda _: True, most=10).composition.parts == ()
