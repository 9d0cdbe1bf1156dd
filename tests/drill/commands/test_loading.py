"""Commands are loaded when they are called: each is there, says what it does, and none waits for what only others need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import drill.commands
from drill import cli

# what takes long to load, and who has a use for it
_HEAVY = {"pyarrow", "duckdb", "matplotlib", "pandas", "uvicorn", "pyroute2", "jinja2"}


def test_every_module_of_the_folder_is_a_command_or_used_by_them() -> None:
    folder = Path(drill.commands.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert modules == {*cli.COMMANDS} - {"lab"} | {"shared", "said"}


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_says_what_it_does(name: str) -> None:
    done = CliRunner().invoke(cli.app, [name, "--help"])
    assert done.exit_code == 0
    assert f"Usage: root {name} " in done.output


def test_the_first_page_names_them_all() -> None:
    page = CliRunner().invoke(cli.app, ["--help"]).output
    assert [name for name in cli.COMMANDS if f"│ {name} " not in page] == []


def test_listing_runs_loads_nothing_heavy() -> None:
    code = (
        "import sys, drill.cli\n"
        "try: drill.cli.main(['runs', '--json'])\n"
        "except SystemExit: print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "drill" in loaded
    assert loaded & _HEAVY == set()
