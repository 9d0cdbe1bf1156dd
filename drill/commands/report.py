"""``zweitherz report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dashboards.report.pdf import NotPrinted
from drill.commands.said import check_language
from drill.commands.shared import Json, Language, Run, find, new_app, refuse, relative
from drill.exercise import make_report
from drill.printing import browser, print_report
from lab.servers import MissingServer
from results.comparison.prices import BadPrices, read_prices

app = new_app()


@app.command("report")
def report(
    run: Run = "latest",
    lang: Language = "en",
    pdf: Annotated[bool, typer.Option("--pdf", help="as PDF too; needs Chromium")] = False,
    prices: Annotated[Path | None, typer.Option(help="price file: what 1,000 acknowledged uploads cost")] = None,
    as_json: Json = False,
) -> None:
    """Draw the report of a run again, from its stored evidence."""
    path = find(run)
    check_language(lang)
    try:
        if pdf:
            browser()  # before the report is drawn: who asks for a PDF waits for nothing in vain
        if prices is not None:
            read_prices(prices)
        drawn = make_report(path, lang, prices)
        if drawn is None:
            refuse(f"{path.name}: the report could not be drawn; see {relative(path / 'logs/report.log')}")
        made = {"report": drawn} | ({"pdf": print_report(drawn)} if pdf else {})
    except (MissingServer, NotPrinted, BadPrices) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps({name: str(each) for name, each in made.items()}))
    for each in made.values() if not as_json else ():
        typer.echo(str(relative(each)))
