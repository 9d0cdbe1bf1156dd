"""What is set on a link so that it comes to the distance that was asked."""

from __future__ import annotations

import pytest

from lab.net.links import corrected_ms


@pytest.mark.parametrize(
    ("asked", "measured", "corrected"),
    [
        (5, 5.4, 4.6),  # the path itself costs something
        (5, 4.8, 5.2),
        (2, 2, 2),
        (2, 3.99, 2),  # as seen on a machine that was busy just then: corrected by it, the link had no delay at all
        (45, 0.1, 45),
    ],
)
def test_what_the_path_itself_costs_is_corrected_and_a_busy_moment_is_not(
    asked: float, measured: float, corrected: float
) -> None:
    assert corrected_ms(asked, measured) == pytest.approx(corrected)
