"""Which systems are chosen, and what `zweitherz prove` says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from drill.commands.prove import app
from drill.proof import command
from drill.proof.command import UnknownSystem, prove, systems
from drill.proof.matrix import Row
from drill.proof.systems import EXPECTED, System, small_systems


def test_quick_is_the_small_ones_and_whole_adds_every_drill_with_every_seed() -> None:
    quick = systems(["quiet", "site-loss"], [], quick=True, seeds=[1])
    whole = systems(["quiet", "site-loss"], [], quick=False, seeds=[1, 2])
    assert set(EXPECTED) < set(whole)
    assert set(quick) < set(whole)
    assert set(whole) - set(small_systems()) == {
        f"healthy-{name}-{seed}" for name in ("quiet", "site-loss") for seed in (1, 2)
    }
    assert whole["healthy-quiet-2"].changes == {"seed": 2}


def test_names_may_be_patterns() -> None:
    chosen = systems(["quiet", "site-loss"], ["healthy-*", "no-fencing"], quick=False, seeds=[1])
    assert list(chosen) == ["healthy-quiet-1", "healthy-site-loss-1", "no-fencing"]
    with pytest.raises(UnknownSystem, match="system 'ill-"):
        systems(["quiet"], ["ill-*"], quick=False, seeds=[1])


def test_a_system_that_there_is_not_is_refused_by_its_nearest_name() -> None:
    with pytest.raises(UnknownSystem, match="did you mean no-fencing"):
        systems([], ["no-fencin"], quick=True, seeds=[1])


def test_a_drill_without_a_verdict_is_a_false_alarm_and_not_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "proof.md"
    assert prove({"broken": System("no-such-drill", {})}, as_json=True, page=page, left_out=["quiet"]) == 1
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["as_expected"], shown["caught"]) == (False, [])
    assert "exit code 64" in shown["false"][0]
    assert "0 of 1 healthy ones stayed green" in page.read_text()
    assert "\nNot in it: quiet.\n" in page.read_text()


class Interrupted:
    """The first one has its verdict, then somebody presses Ctrl-C."""

    closed = False

    def __init__(self, *_: Any) -> None:
        pass

    def close(self) -> None:
        Interrupted.closed = True


def test_who_interrupts_it_keeps_what_it_has_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def row(_: Interrupted, name: str, system: System) -> Row:
        if name == "second":
            raise KeyboardInterrupt
        return Row(name, system.drill, "none", 50, (), (), (), ())

    monkeypatch.setattr(command, "Drills", Interrupted)
    monkeypatch.setattr(command, "_row", row)
    page = tmp_path / "proof.md"
    with pytest.raises(KeyboardInterrupt):
        prove({name: System("quiet", {}) for name in ("first", "second", "third")}, as_json=False, page=page)
    assert Interrupted.closed
    assert "1 of 1 healthy ones stayed green" in page.read_text()
    assert "\nNot in it: second, third.\n" in page.read_text()


@pytest.mark.parametrize(("page", "why"), [(".", "is a folder"), ("nowhere/proof.md", "there is no folder nowhere")])
def test_a_page_that_could_not_be_written_is_refused_before_the_start(page: str, why: str) -> None:
    done = CliRunner().invoke(app, ["--page", page])
    assert (done.exit_code, done.stderr.strip()) == (64, f"zweitherz: --page {page}: {why}")
