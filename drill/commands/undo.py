"""``zweitherz undo``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chaos import undo as undo_log
from chaos.drivers import NoDriver
from drill.commands.shared import Json, Run, find, new_app, refuse
from drill.undoing import undo_run
from targets.read import BadTarget

app = new_app()


@app.command("undo")
def undo(
    run: Run = "latest", target: Annotated[Path | None, typer.Option(help="target file")] = None, as_json: Json = False
) -> None:
    """Carry out every inverse that a run still owes, newest first, and remove what its lab left; else harmless."""
    path = find(run)
    try:
        owed = undo_log.owed(path)
        done, failed = undo_run(path, target)
    except (undo_log.DamagedUndoLog, BadTarget, NoDriver) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps({"owed": len(owed), "done": done, "failed": failed}))
    else:
        typer.echo(
            f"{path.name}: {len(done)} of {len(owed)} inverses carried out" if owed else f"{path.name}: nothing is owed"
        )
        for line in failed:
            typer.echo(f"failed: {line}", err=True)
    raise typer.Exit(4 if failed else 0)
