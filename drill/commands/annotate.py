"""``zweitherz annotate``."""

from __future__ import annotations

from typing import Annotated

import typer

from drill.annotate import annotate
from drill.commands.shared import Run, find, new_app, refuse

app = new_app()


@app.command("annotate")
def annotate_command(
    run: Run = "latest",
    form: Annotated[
        str, typer.Option("--format", help="github: workflow commands; gitlab: a Code Quality report")
    ] = "github",
    where: Annotated[
        str | None, typer.Option(metavar="FILE", help="with gitlab: the file of the repository it is shown beside")
    ] = None,
) -> None:
    """Print one line for each check that is red or inconclusive, as the page of a pipeline takes it.

    Exit code 0 whatever the verdict: the gate is the drill's own exit code.
    """
    if form not in ("github", "gitlab"):
        refuse(f"--format {form!r}: there are github, gitlab")
    if where is not None and form != "gitlab":
        refuse("--where: of --format gitlab; GitHub's lines belong to no file")
    path = find(run)
    typer.echo(annotate(path, form, where), nl=False)
