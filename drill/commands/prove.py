"""``zweitherz prove``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drill.commands.shared import Json, new_app, refuse
from drill.experiments import experiments
from drill.proof.command import UnknownSystem, prove, systems

app = new_app()


@app.command("prove")
def prove_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYSTEM]...", help="of docs/proof.md, or a pattern of names; none: all"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="the small ones, as in 'make test'; without: also every drill, healthy")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="healthy drills so often, each time with another seed")] = 1,
    kills: Annotated[int, typer.Option(min=0, help="also so many drills that get SIGKILL at a random moment")] = 0,
    page: Annotated[Path | None, typer.Option(help="write the matrix there, as Markdown")] = None,
    as_json: Json = False,
) -> None:
    """Prove the verdicts: known-bad systems must turn their checks red, healthy ones must stay green."""
    if page is not None and (page.is_dir() or not page.parent.is_dir()):
        refuse(f"--page {page}: {'is a folder' if page.is_dir() else f'there is no folder {page.parent}'}")
    drills = [path.stem for path in experiments()]
    try:
        chosen = systems(drills, names or [], quick=quick, seeds=range(1, seeds + 1))
        whole = systems(drills, [], quick=False, seeds=[1])
    except UnknownSystem as error:
        refuse(str(error))
    left_out = [name for name in whole if name not in chosen]
    raise typer.Exit(prove(chosen, as_json=as_json, page=page, kills=kills, left_out=left_out))
