"""The tools themselves: of a healthy lab, and with a token that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitors.place import Place
from monitors.tool_health import Kind, ToolHealth
from targets.model import Secret
from tests.monitors.conftest import tools


@pytest.mark.parametrize("kind", ["sentry", "matomo", "prometheus"])
def test_the_labs_tools_answer(gate: Place, kind: Kind) -> None:
    look = ToolHealth(gate, tools(gate), kind).look()
    assert (look.ok, look.why, set(look.figures)) == (True, "", {"latency_ms"})


@pytest.mark.parametrize(
    ("kind", "why"),
    [("sentry", "status 401"), ("matomo", "API.getMatomoVersion: You can't"), ("prometheus", "status 401")],
)
def test_a_tool_that_does_not_know_us_is_an_alarm_and_no_blindness(
    gate: Place, tmp_path: Path, kind: Kind, why: str
) -> None:
    wrong = tmp_path / "token"
    wrong.touch(0o600)
    wrong.write_text("wrong")
    tool = getattr(tools(gate), kind).model_copy(update={"token": Secret(file=wrong)})
    look = ToolHealth(gate, tools(gate).model_copy(update={kind: tool}), kind).look()
    assert (look.ok, look.blind) == (False, False)
    assert look.why.startswith(why)


def test_a_tool_that_the_target_has_not_cannot_be_watched(gate: Place) -> None:
    with pytest.raises(KeyError, match=r"tools\.matomo"):
        ToolHealth(gate, tools(gate).model_copy(update={"matomo": None}), "matomo")
