"""Asking at a terminal, and where there is none."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from drill.asking import ask
from tests.lab.running import eventually


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Path:
    run = tmp_path / "2026-11-25T00-00-00Z_x_0001"
    (run / "approvals").mkdir(parents=True)
    return run


def test_a_line_at_the_terminal_is_the_approval_and_its_reason(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("really gone\n"))
    assert "press Enter" in ask(run, "dns", "on-call")
    assert eventually((run / "approvals/dns").exists)
    assert (run / "approvals/dns").read_text() == "really gone"


def test_without_a_terminal_it_says_which_file_to_write(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("nobody reads this\n"))
    said = ask(run, "dns", "on-call")
    assert said == f"dns waits for on-call: write the reason into approvals/dns of {run.name}"
    assert not (run / "approvals/dns").exists()


def test_a_terminal_that_is_gone_approves_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    ask(run, "dns", "on-call")
    assert not (run / "approvals/dns").exists()
