"""``zweitherz doctor``."""

from __future__ import annotations

import json

import typer

from drill.commands.shared import BAD_INPUT, Json, new_app
from lab.commands import STATE
from lab.doctor import examine

app = new_app()


@app.command("doctor")
def doctor(as_json: Json = False) -> None:
    """Say what this machine can and cannot do, each with its remedy."""
    remarks = examine(STATE)
    if as_json:
        typer.echo(json.dumps([vars(remark) for remark in remarks]))
    for remark in remarks if not as_json else []:
        sign = {"ok": "ok", "limited": "~~", "missing": "NO"}[remark.level]
        typer.echo(f"{sign}  {remark.subject:<18}{remark.found}")
        if remark.remedy:
            typer.echo(f"    remedy: {remark.remedy}")
    raise typer.Exit(BAD_INPUT if any(remark.level == "missing" for remark in remarks) else 0)
