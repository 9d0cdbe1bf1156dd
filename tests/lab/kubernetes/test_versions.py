"""Versions of objects, and the events between them."""

from __future__ import annotations

from typing import Any

import pytest

from lab.kubernetes import versions
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.versions import Versions

_KEY = ("pods", "vitals", "one")


def seen(uid: str, **more: Any) -> dict[Any, Any]:
    return {_KEY: {"metadata": {"name": "one", "uid": uid}, **more}}


def kinds(known: Versions, since: int = 1) -> list[str]:
    return [event.kind for event in known.after(since)]


def test_what_differs_is_an_event_and_what_does_not_is_none() -> None:
    known = Versions()
    known.take(seen("a", status=1))
    known.take(seen("a", status=1))
    assert kinds(known) == ["ADDED"]
    known.take(seen("a", status=2))
    known.take({})
    assert kinds(known) == ["ADDED", "MODIFIED", "DELETED"]
    numbers = [event.version for event in known.after(1)]
    assert numbers == sorted(set(numbers))
    assert kinds(known, numbers[1]) == ["DELETED"]


def test_another_object_under_the_same_name_is_one_gone_and_one_new() -> None:
    known = Versions()
    known.take(seen("a"))
    known.take(seen("b"))
    assert kinds(known) == ["ADDED", "DELETED", "ADDED"]
    assert known.objects[_KEY]["metadata"]["uid"] == "b"


def test_who_has_slept_too_long_is_told_to_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_KEPT", 3)
    known = Versions()
    known._events = type(known._events)(maxlen=3)
    for status in range(10):
        known.take(seen("a", status=status))
    with pytest.raises(Refusal) as refused:
        known.after(1)
    assert refused.value.code == 410
    assert kinds(known, known.version - 3) == ["MODIFIED"] * 3
