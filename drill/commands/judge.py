"""``zweitherz judge``."""

from __future__ import annotations

import sys

import typer

from drill.commands.said import print_judgement
from drill.commands.shared import Json, Run, find, new_app
from drill.publish import publish
from results.judge import judge

app = new_app()


@app.command("judge")
def judge_command(run: Run = "latest", as_json: Json = False) -> None:
    """Judge a run again by its stored evidence; the same evidence gives the same verdict, byte for byte."""
    path = find(run)
    judgement = judge(path)
    withheld = publish(path, judgement)
    if as_json:
        sys.stdout.write(judgement.to_bytes().decode())
    else:
        print_judgement(judgement)
    if withheld:
        typer.echo(f"zweitherz: {withheld}", err=True)
    raise typer.Exit(judgement.verdict.exit_code)
