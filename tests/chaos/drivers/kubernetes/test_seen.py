from __future__ import annotations

import pytest

from chaos.drivers.kubernetes.cluster import ClusterRefused
from chaos.drivers.kubernetes.seen import see, seen


def test_it_looks_until_it_sees_and_not_once_more() -> None:
    shown = iter([False, False, True])
    assert seen(lambda: next(shown), 30)
    assert next(shown, None) is None


def test_it_looks_once_when_there_is_no_time_at_all() -> None:
    assert seen(lambda: True, 0)
    assert not seen(lambda: False, 0)


def test_what_was_not_seen_is_said_as_it_is_at_the_end_with_the_limit() -> None:
    looks: list[int] = []

    def look() -> bool:
        looks.append(len(looks))
        return False

    with pytest.raises(ClusterRefused, match=r"^pod a is there after 0\.3 s$"):
        see(look, "pod a is there", 0.3)
    assert len(looks) > 1
    with pytest.raises(ClusterRefused, match=r"looked at \d+ times after 0 s$"):
        see(look, lambda: f"looked at {len(looks)} times", 0)
