"""``zweitherz serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from dashboards.browser.serve import serve
from drill.commands.shared import new_app
from results import run as runs

app = new_app()


@app.command("serve")
def serve_command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one")] = 8480,
    host: Annotated[
        str, typer.Option(help="address to listen at; others than the loopback can be reached by others")
    ] = "127.0.0.1",
    allow_hosts: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="another name under which browsers may call"),
    ] = None,
) -> None:
    """Browse the results: all runs, trends, one run, two side by side, and the drill in progress with its stop button."""
    raise typer.Exit(serve(runs.home(), host, port, allow_hosts or ()))
