from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from drill.commands import scale
from drill.scale import report

KEYS = {"workers", "cores", "connections", "source_addresses", "worker_files", "history_gb", "judge_s", "memory_gb"}


def test_it_says_what_is_needed_as_a_table_and_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    simulate, simulated = report.both, list[Any]()

    def once(*asked: Any) -> Any:
        if not simulated:  # the second one asks for the same, and would only take its seconds again
            simulated.append(simulate(*asked))
        return simulated[0]

    monkeypatch.setattr(report, "both", once)
    said = CliRunner().invoke(scale.app, ["--patients", "1200000", "--outage", "0"])
    assert said.exit_code == 0
    assert said.output.startswith("1,200,000 patients, 4,000 uploads/s, a drill of ten minutes\n")
    found = json.loads(CliRunner().invoke(scale.app, ["--patients", "1200000", "--outage", "0", "--json"]).output)
    assert set(found) == {"steady"}
    assert set(found["steady"]) >= KEYS
    assert f"{found['steady']['workers']}\n" in said.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--patients", "0"], "--patients 0: must be at least 1"),
        (["--outage", "301"], "--outage 301: must be 0 to 300 seconds"),
        (["--rate", "-1"], "--rate -1: must be more than 0 uploads a second"),
        (["--rate", "10"], "--rate 10: the classes with a period of their own need 30/s"),
        (["--rate", "200000"], "--rate 200000: Input should be less than or equal to 100000"),
        (["--costs", "nowhere.json"], "nowhere.json: No such file or directory"),
    ],
)
def test_bad_input_is_one_line_and_64(
    words: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(scale.app, words)
    assert done.exit_code == 64
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
