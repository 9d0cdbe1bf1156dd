"""Which systems are chosen, and what `zweitherz prove` says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drill.proof.command import UnknownSystem, prove, systems
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
