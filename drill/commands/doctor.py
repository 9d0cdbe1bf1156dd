"""``zweitherz doctor``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chaos.drivers import NoDriver
from drill.commands.shared import BAD_INPUT, Json, new_app, refuse
from drill.examining import examine_target
from lab.commands import STATE
from lab.doctor import examine
from targets.read import BadTarget, read_target

app = new_app()


@app.command("doctor")
def doctor(
    target: Annotated[
        Path | None, typer.Option("--target", metavar="FILE", help="look at this target in place of this machine")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what this machine can and cannot do, each with its remedy; or which faults can be done on a target."""
    try:
        remarks = examine(STATE) if target is None else examine_target(read_target(target))
    except (BadTarget, NoDriver) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps([vars(remark) for remark in remarks]))
    for remark in remarks if not as_json else []:
        sign = {"ok": "ok", "limited": "~~", "missing": "NO"}[remark.level]
        typer.echo(f"{sign}  {remark.subject:<26}{remark.found}")
        if remark.remedy:
            typer.echo(f"    remedy: {remark.remedy}")
    raise typer.Exit(BAD_INPUT if any(remark.level == "missing" for remark in remarks) else 0)
