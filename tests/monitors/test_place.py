"""Whether a place gets out, and since when without a pause."""

from __future__ import annotations

from monitors.place import CUT_OFF_NS, Place
from results.clock import Clock
from tests.targets.target import target


def test_a_place_gets_out_since_the_end_of_its_last_long_pause() -> None:
    place = Place(target(), Clock(0, 0))
    assert place.outside == (0, 0)
    start, second = 10 * CUT_OFF_NS, 10**9
    for seen in (start, start + second, start + 2 * second):
        place.saw_outside(seen)
    assert place.outside == (start + 2 * second, start)
    back = start + 2 * second + CUT_OFF_NS + 1
    place.saw_outside(back)
    assert place.outside == (back, back)
    place.saw_outside(back - second)  # a slower look, begun earlier
    assert place.outside == (back, back)
