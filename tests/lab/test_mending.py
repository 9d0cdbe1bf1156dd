"""Everything that can be mended is, whatever some of the orders end with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from lab import mending
from lab.control import Answer, Call, Refused
from lab.model import Options, ServiceFailed

_STARTING = asyncpg.exceptions.CannotConnectNowError("the database system is starting up")
_GONE = asyncpg.InterfaceError("connection is closed")


def shown(*, linked: bool = True, tools: str = "mirror", private: str = "up") -> Answer:
    """The status of a lab; of its site gra what is said."""
    return {
        "sites": {
            "fra": {"alive": True, "fenced": False, "linked": True},
            "gra": {"alive": True, "fenced": False, "linked": linked},
        },
        "links": {"private": private},
        "databases": {"fra": {"role": "primary"}, "gra": {"role": "mirror"}},
        "tools": {"fra": {"role": "primary"}, "gra": {"role": tools}},
        "deployed_otherwise": [],
    }


_WELL = shown()


class Calls(dict[str, Call]):
    """Of a lab whose status is `shown` at first, then well. `endings`: by the order's words, what it ends with, in turn."""

    def __init__(self, endings: dict[str, Iterable[Exception]], shown: Answer) -> None:
        super().__init__()
        self._shown = iter([shown])
        self.carried_out: list[str] = []
        self._endings = {words: iter(errors) for words, errors in endings.items()}

    def __missing__(self, do: str) -> Call:
        async def call(parameters: dict[str, Any]) -> Answer:
            words = " ".join([do, *map(str, parameters.values())])
            if (error := next(self._endings.get(words, iter(())), None)) is not None:
                raise error
            self.carried_out.append(words)
            return next(self._shown, _WELL) if do == "status" else {}

        return call


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mending, "_AGAIN_AFTER_S", 0)


def _mend(
    tmp_path: Path, endings: dict[str, Iterable[Exception]], at_first: Answer | None = None
) -> tuple[list[str], list[str]]:
    """What it says, and what was carried out. Unless told, the site gra is cut off at first."""
    calls = Calls(endings, shown(linked=False) if at_first is None else at_first)
    said = asyncio.run(mending.mend(Options(state=tmp_path), calls))
    return said, [words for words in calls.carried_out if words != "status"]


def test_each_order_is_carried_out_and_said_once(tmp_path: Path) -> None:
    said, done = _mend(tmp_path, {})
    assert said == done
    assert len(set(said)) == len(said)
    assert "heal gra" in said
    assert "heal fra" not in said
    assert said[-2:] == ["uploads fra taken", "record vitals.heart.test 198.51.100.10"]


@pytest.mark.parametrize("broken", [shown(private="down"), shown(private="one-way"), shown(tools="down")])
def test_a_mirror_that_was_not_reached_or_lacks_a_database_is_healed(tmp_path: Path, broken: Answer) -> None:
    assert "heal gra" in _mend(tmp_path, {}, broken)[1]


@pytest.mark.parametrize("well", [_WELL, shown(private="slow")])
def test_a_site_that_was_well_is_left_alone(tmp_path: Path, well: Answer) -> None:
    assert not [words for words in _mend(tmp_path, {}, well)[1] if words.startswith("heal")]


@pytest.mark.parametrize("error", [_STARTING, _GONE, ServiceFailed("not within 30 s"), OSError(111, "refused")])
def test_what_fails_for_a_while_is_tried_again(tmp_path: Path, error: Exception) -> None:
    whole, _ = _mend(tmp_path, {})
    said, done = _mend(tmp_path, {"heal gra": [error, error], "status": [error], "mirroring gra following": [error]})
    assert said == done == whole


def test_what_fails_for_good_is_named_and_the_others_are_carried_out(tmp_path: Path) -> None:
    whole, _ = _mend(tmp_path, {})
    said, done = _mend(tmp_path, {"heal gra": [_STARTING] * 9, "link up": [OSError()] * 9})
    assert set(whole) - set(done) == {"heal gra", "link up"}
    assert set(said) - set(done) == {"heal gra: the database system is starting up", "link up: OSError"}


def test_what_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    said, done = _mend(tmp_path, {"run-all": [Refused("there is none")]})
    assert "run-all: there is none" in said
    assert "run-all" not in done


def test_without_a_status_the_rest_is_mended(tmp_path: Path) -> None:
    whole, _ = _mend(tmp_path, {})
    said, done = _mend(tmp_path, {"status": [_STARTING] * 99})
    assert [words for words in said if words not in done] == ["status: the database system is starting up"] * 3
    assert set(done) < set(whole)
