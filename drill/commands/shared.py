"""What commands have in common: options, how bad input is refused, how a run is found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from results import run as runs

BAD_INPUT = 64

Json = Annotated[bool, typer.Option("--json", help="answer as JSON")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="id, prefix, path or 'latest'")]
Across = Annotated[bool, typer.Option("--across-environments", help="compare also where machines or versions differ")]
Language = Annotated[str, typer.Option("--lang", help="language of the report: en, de")]


def new_app() -> typer.Typer:
    """For one command."""
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def refuse(why: str) -> NoReturn:
    """Bad input: one line, exit 64."""
    typer.echo(f"zweitherz: {' '.join(why.split())}", err=True)
    raise typer.Exit(BAD_INPUT)


def find(name: str) -> Path:
    """The folder of that run; an unknown one is refused."""
    try:
        return runs.find(name)
    except runs.UnknownRun as error:
        refuse(str(error))


def relative(path: Path) -> Path:
    """To the working directory, where it is below it."""
    here = Path.cwd().resolve()
    return path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path
