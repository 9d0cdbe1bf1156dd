"""``zweitherz list``."""

from __future__ import annotations

import json

import typer

from drill.catalogue import catalogue
from drill.commands.shared import Json, new_app
from drill.experiments import experiments

app = new_app()


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the drills there are: what each breaks, what shows that it did, and how long the load lasts at most."""
    rows = catalogue(experiments())
    if as_json:
        typer.echo(json.dumps(rows))
    for row in rows if not as_json else []:
        whole, quick = (f"{row[key] // 60}:{row[key] % 60:02}" for key in ("seconds", "quick_seconds"))
        typer.echo(f"{row['drill']:<24}{row['title']}; {whole}, quick {quick}")
        typer.echo(f"    does   {row['does']}")
        for word in ("proof", "needs"):
            if row[word]:
                typer.echo(f"    {word}  {row[word] if word == 'proof' else ', '.join(row[word])}")
