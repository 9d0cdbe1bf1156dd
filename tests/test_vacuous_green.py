"""Every trap of docs/vacuous-green.md names a test that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PAGE = (HOME / "docs/vacuous-green.md").read_text()


def test_every_trap_has_its_row_and_every_row_a_test_that_exists() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| V")]
    assert {int(number) for row in rows for number in re.findall(r"V(\d+)", row.split(":")[0])} == set(range(1, 18))
    for row in rows:
        ((path, name),) = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        tree = ast.parse((HOME / path).read_text())
        assert name in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}, row
