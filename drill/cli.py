"""The command line ``zweitherz``.

Exit codes everywhere: 0 pass, 1 fail, 2 inconclusive, 3 aborted by a guard, 4 clean-up failed, 64 bad input.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from drill.commands.shared import BAD_INPUT

if TYPE_CHECKING:
    from typer._click import Command, Context

_OURS = "drill judge pack verify compare annotate report runs list prove scale serve undo doctor"
COMMANDS = {name: f"drill.commands.{name}" for name in _OURS.split()} | {"lab": "lab.commands"}


class Commands(TyperGroup):
    """Loads the module of a command when it is called: what one needs, the others need not wait for."""

    def list_commands(self, ctx: Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(importlib.import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name  # as the page of all commands shows it
        return command


app = typer.Typer(
    cls=Commands,
    help="Kills a data centre on purpose while 120,000 patients upload their vitals, and proves what happened.",
    epilog="Exit codes: 0 pass · 1 fail · 2 inconclusive · 3 aborted by a guard · 4 clean-up failed · 64 bad input.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _whole() -> None:
    """Options of all commands: none."""


def main(arguments: Any = None) -> None:  # what typer's parser takes
    """Entry point of ``zweitherz``. Usage errors exit with 64 like all bad input."""
    command = typer.main.get_command(app)
    try:
        sys.exit(command.main(args=arguments, standalone_mode=False) or 0)
    except typer.Abort:
        sys.exit(3)
    except Exception as error:
        if hasattr(error, "format_message"):
            print(f"zweitherz: {error.format_message()}", file=sys.stderr)
            sys.exit(BAD_INPUT)
        raise


if __name__ == "__main__":
    main()
