"""The lab's control socket: every caller gets an answer, also one who asks for what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lab.control import Refused, serve
from targets.lab_control import LabControl, LabRefused


async def _fine(request: dict[str, Any]) -> dict[str, Any]:
    return {"got": request["word"]}


async def _refuses(_: dict[str, Any]) -> dict[str, Any]:
    raise Refused("not today")


async def _breaks(_: dict[str, Any]) -> dict[str, Any]:
    raise ZeroDivisionError("by\nnothing")


def asked(path: Path, do: str, **parameters: Any) -> dict[str, Any]:
    async def serve_and_ask() -> dict[str, Any]:
        server = await serve(path, {"fine": _fine, "refuses": _refuses, "breaks": _breaks}, (OSError,))
        async with server:
            return await asyncio.to_thread(lambda: LabControl(path, timeout_s=20).call(do, **parameters))

    return asyncio.run(serve_and_ask())


def test_an_answer_comes_back(tmp_path: Path) -> None:
    assert asked(tmp_path / "s", "fine", word="x")["got"] == "x"


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("refuses", "not today"),
        ("breaks", "breaks: ZeroDivisionError: by nothing"),
        ("fine", "fine: parameter 'word' is missing or unknown"),
        ("dance", "unknown call; there are: breaks, fine, refuses"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line_and_nobody_waits_for_ever(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], do: str, said: str
) -> None:
    with pytest.raises(LabRefused, match=said):
        asked(tmp_path / "s", do)
    assert ("Traceback" in capfd.readouterr().err) == (do == "breaks"), "a fault of ours is printed in full"
