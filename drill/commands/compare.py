"""``zweitherz compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drill.commands.shared import Across, Json, find, new_app, refuse
from drill.comparing import compare_runs, lines
from results.comparison.prices import BadPrices, read_prices

app = new_app()


@app.command("compare")
def compare_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="the baseline: id, prefix or path")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="the run that is held against it")] = "latest",
    prices: Annotated[Path | None, typer.Option(help="price file: what 1,000 acknowledged uploads cost")] = None,
    across: Across = False,
    as_json: Json = False,
) -> None:
    """Compare two runs: is a figure better, the same, worse, or can nobody say?

    Exit codes: 0 nothing is worse · 1 something is · 2 something cannot be compared · 64 bad input.
    """
    try:
        asked = read_prices(prices) if prices is not None else None
    except BadPrices as error:
        refuse(str(error))
    sides = find(old), find(new)
    if sides[0] == sides[1]:
        refuse(f"{old!r} and {new!r} are one run, {sides[0].name}: it is like itself, which says nothing")
    comparison = compare_runs(*sides, across=across, prices=asked)
    if as_json:
        typer.echo(comparison.to_bytes().decode(), nl=False)
    else:
        for line in lines(comparison):
            typer.echo(line)
    raise typer.Exit(comparison.verdict.exit_code)
