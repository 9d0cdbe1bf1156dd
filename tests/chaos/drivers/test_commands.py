"""Operators' commands: real small programs, started as a drill starts them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chaos.drivers.commands import CommandDriver, CommandFailed
from targets.kubernetes import Commands


def driver(**commands: list[str]) -> CommandDriver:
    return CommandDriver("staging", Commands.model_validate(commands))


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_a_step_of_the_journal_gets_this_machines_clock() -> None:
    line = '{"t_unix_ns": %d, "cluster": "main", "site": "gra", "step": "fence", "state": "end"}'
    before = time.monotonic_ns()
    own = driver(journal=python(f"import time; print('{line}' % time.time_ns())"))
    (step,) = own.takeover_steps()
    assert before <= step["t_monotonic_ns"] <= time.monotonic_ns()
    assert (step["procedure"], step["step"]) == ("takeover", "fence")


def test_words_are_filled_in_and_never_go_through_a_shell(tmp_path: Path) -> None:
    told = tmp_path / "told"
    own = driver(rejoin=python("import sys; open(sys.argv[1], 'w').write(sys.argv[2])", str(told), "{site}; true"))
    own.rejoin("fra")
    assert told.read_text() == "fra; true"


@pytest.mark.parametrize(("code", "expected"), [(0, True), (1, False)])
def test_mirrored_is_an_exit_code(code: int, expected: bool) -> None:
    assert driver(mirrored=python(f"raise SystemExit({code})")).mirrored("fra") is expected


def test_the_store_comes_with_a_proof(tmp_path: Path) -> None:
    own = driver(
        read_store=python("import sys; open(sys.argv[1], 'w').close(); print('{\"proof\": {\"count\": 0}}')", "{file}")
    )
    assert own.read_store("fra", tmp_path / "rows") == {"volume_of_dead_site": False, "proof": {"count": 0}}
    assert (tmp_path / "rows").exists()


def test_each_server_is_a_line() -> None:
    line = '{"certificate_ends_s": 1700000000, "clock_s": 0, "release": "%s", "pod": "vitals-x"}'
    own = driver(
        deployed=python(f"import sys; [print('{line}' % each) for each in sys.argv[2:]]", "{site}", "1.0", "0.9")
    )
    shown = own.deployed("gra")
    assert shown == [{"certificate_ends_s": 1.7e9, "clock_s": 0.0, "release": each} for each in ("1.0", "0.9")]


@pytest.mark.parametrize(
    ("commands", "call", "message"),
    [
        ({}, ("rejoin", "fra"), "target staging: kubernetes.commands.rejoin is not given"),
        ({}, ("takeover_steps",), "kubernetes.commands.journal is not given"),
        ({}, ("cut_connections", "fra"), "it can be done on the lab only so far (cut_connections)"),
        ({"rejoin": ["./is-not-there"]}, ("rejoin", "fra"), "kubernetes.commands.rejoin: [Errno 2]"),
        ({"rejoin": python("raise SystemExit('no mirror')")}, ("rejoin", "fra"), "rejoin: exit code 1 (no mirror)"),
        ({"mirrored": python("raise SystemExit(2)")}, ("mirrored", "fra"), "mirrored: exit code 2"),
        ({"journal": python("print('later')")}, ("takeover_steps",), "journal: a line is not a step"),
        ({"journal": python("print('{}')")}, ("takeover_steps",), "journal: a line is not a step ('t_unix_ns')"),
        ({"deployed": python("print('{}')")}, ("deployed", "gra"), "deployed: a line is not what a server shows"),
        ({"read_store": python("print('{}')")}, ("read_store", "fra", Path("x")), "read_store: printed no proof"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(commands: dict[str, Any], call: tuple[Any, ...], message: str) -> None:
    with pytest.raises(CommandFailed) as refused:
        getattr(driver(**commands), call[0])(*call[1:])
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_lease_is_nothing_that_such_a_target_has() -> None:
    own = driver()
    own.renew_lease("run", 5)
    own.release_lease()
    assert own.lacks("renew_lease") == ""
