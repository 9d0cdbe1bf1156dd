"""``zweitherz pack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from drill.commands.shared import Json, Run, find, new_app, refuse
from results import signature
from results.pack import NotPackable, pack

app = new_app()


@app.command("pack")
def pack_command(
    run: Run = "latest",
    out: Annotated[Path | None, typer.Option(help="file to write; without: RUN.zweitherz.tar, here")] = None,
    sign: Annotated[Path | None, typer.Option(metavar="KEY", help="sign with this ssh key")] = None,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="pack a run that is not whole, too; the pack says so")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pack the evidence of a run into one file for an auditor; the same run gives the same bytes."""
    path = find(run)
    try:
        packed = pack(path, out, key=sign, incomplete=incomplete)
    except (NotPackable, signature.NotSigned, signature.NoSigner) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps(vars(packed) | {"path": str(packed.path)}))
    else:
        state = ("INCOMPLETE, " if packed.incomplete else "") + ("signed" if packed.signed else "not signed")
        typer.echo(f"{packed.path}: {packed.files} files, {packed.size:,} bytes, {state}")
