"""One way of a link: what is held and for how long, and what is lost. Sockets are lists here, and the clock is a number."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, cast

import pytest

from lab.net import wire
from lab.net.wire import Direction

_MS = 1_000_000
_BATCH = wire._BATCH


class Side:
    """Gives frames until there are none, and keeps those that it is given."""

    def __init__(self, frames: int = 0) -> None:
        self.waiting: Iterator[bytes] = iter([b"frame"] * frames)
        self.sent: list[bytes] = []

    def recv(self, _: int) -> bytes:
        for frame in self.waiting:
            return frame
        raise BlockingIOError

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


def direction(frames: int, delay_ms: float = 0) -> tuple[Direction, Side]:
    far = Side()
    return Direction(cast("Any", Side(frames)), cast("Any", far), int(delay_ms * _MS)), far


def carried(one: Direction, far: Side, batches: int) -> int:
    for _ in range(batches):
        one.take(0)
        one.give(0)
    return len(far.sent)


def test_a_frame_is_held_until_it_is_due() -> None:
    one, far = direction(frames=1, delay_ms=20)
    one.take(0)
    assert (one.give(10 * _MS), far.sent) == (20 * _MS, [])
    assert (one.give(20 * _MS), far.sent) == (None, [b"frame"])


def test_nothing_is_lost_unless_it_is_ordered() -> None:
    one, far = direction(frames=10 * _BATCH)
    assert carried(one, far, batches=10) == 10 * _BATCH


def test_what_does_not_pass_is_gone() -> None:
    one, far = direction(frames=_BATCH)
    one.passing = False
    assert carried(one, far, batches=1) == 0
    one.passing = True
    assert carried(one, far, batches=1) == 0, "it was not held back"


@pytest.mark.parametrize("loss", [0.02, 0.2, 0.5])
def test_that_share_is_lost_by_chance(loss: float) -> None:
    one, far = direction(frames=400 * _BATCH)
    one.loss = loss
    lost = 1 - carried(one, far, batches=400) / (400 * _BATCH)
    # 25,600 frames: six standard deviations of a share p are 6 * sqrt(p (1 - p) / 25,600)
    assert abs(lost - loss) < 6 * (loss * (1 - loss) / (400 * _BATCH)) ** 0.5


def test_all_of_it_may_be_lost() -> None:
    one, far = direction(frames=_BATCH)
    one.loss = 1
    assert carried(one, far, batches=1) == 0


def test_orders_name_a_link_and_a_direction(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    links = {"private": (direction(0)[0], direction(0)[0])}
    there, back = links["private"]

    def order(line: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(line))
        assert wire._command(links)
        assert capsys.readouterr().out == '{"ok": true}\n'

    order('{"link": "private", "a_to_b_ms": 20, "b_to_a_ms": 5}')
    assert (there.delay_ns, back.delay_ns) == (20 * _MS, 5 * _MS)
    order('{"link": "private", "a_to_b_loss": 0.5, "b_to_a_loss": 0}')
    order('{"link": "private", "a_to_b": true, "b_to_a": false}')
    assert (there.loss, back.loss, there.passing, back.passing) == (0.5, 0, True, False)
    assert (there.delay_ns, back.delay_ns) == (20 * _MS, 5 * _MS), "what an order does not name stays"
