"""Whether a place gets out, and since when without a pause."""

from __future__ import annotations

import threading

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


def test_a_way_out_is_waited_for_until_it_is_seen_the_time_is_up_or_all_ends() -> None:
    place, ending = Place(target(), Clock(0, 0)), threading.Event()
    place.saw_outside(5)
    assert place.await_outside(5, 0, ending)
    assert not place.await_outside(6, 0.01, ending)
    found: list[bool] = []
    waiting = threading.Thread(target=lambda: found.append(place.await_outside(6, 60, ending)))
    waiting.start()
    place.saw_outside(6)
    waiting.join()
    assert found == [True]
    stopped = threading.Thread(target=lambda: found.append(place.await_outside(7, 60, ending)))
    stopped.start()
    ending.set()
    place.wake()
    stopped.join()
    assert found == [True, False]
