from __future__ import annotations

import pytest

from chaos.witness import CONFIRM, Reachability


def changes(probes: str) -> list[tuple[int, bool]]:
    """Changes that a witness believes in: `+` a probe that connected, `-` one that did not; times are positions."""
    state, found = Reachability(), []
    for t_ns, probe in enumerate(probes):
        since = state.take(t_ns, reachable=probe == "+")
        if since is not None:
            found.append((since, probe == "+"))
    return found


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ("+", [(0, True)]),
        ("-", [(0, False)]),
        ("++++", [(0, True)]),
        ("++-++", [(0, True)]),
        ("++--++", [(0, True)]),
        ("++---", [(0, True), (2, False)]),
        ("++--+---", [(0, True), (5, False)]),
        ("++---+++", [(0, True), (2, False), (5, True)]),
    ],
)
def test_a_change_is_believed_after_three_probes_and_dated_to_the_first(
    probes: str, expected: list[tuple[int, bool]]
) -> None:
    assert CONFIRM == 3
    assert changes(probes) == expected
