"""``zweitherz runs``."""

from __future__ import annotations

import json

import typer

from drill.commands.shared import Json, new_app
from results import run as runs
from results.listing import listed

app = new_app()


@app.command("runs")
def runs_command(as_json: Json = False) -> None:
    """List all runs with their verdicts, oldest first."""
    rows = [{"run": each.run, "verdict": each.shown} for each in map(listed, runs.runs())]
    if as_json:
        typer.echo(json.dumps(rows))
    for row in rows if not as_json else []:
        typer.echo(f"{row['run']}  {row['verdict']}")
