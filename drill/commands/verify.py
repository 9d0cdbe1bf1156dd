"""``zweitherz verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from drill.commands.shared import Json, new_app, refuse
from results.verify import NotAPack, verify

app = new_app()
_ANSWERS = {"ok": "✔", "note": "·", "undecided": "?", "changed": "✘"}


@app.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(metavar="PACK", help="a file that 'zweitherz pack' wrote")],
    signers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="it must be signed by one of these (ssh allowed signers)")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify a pack offline and judge its evidence again.

    Exit codes: 0 authentic, same verdict · 1 changed, or another verdict · 2 cannot be decided · 64 no pack.
    """
    try:
        found = verify(file, signers)
    except NotAPack as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        typer.echo(f"{found.as_json()['answer'].upper()}  {found.run or file}")
        for remark in found.remarks:
            typer.echo(f"  {_ANSWERS[remark.answer.value]} {remark.subject:<11}{remark.why}")
    raise typer.Exit(found.exit_code)
