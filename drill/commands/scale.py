"""``zweitherz scale``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from drill.commands.shared import Json, new_app, refuse

app = new_app()


@app.command("scale")
def scale(
    patients: Annotated[int, typer.Option("--patients", help="so many")] = 120_000,
    rate: Annotated[
        float | None, typer.Option("--rate", help="uploads a second of all; default: each patient every five minutes")
    ] = None,
    outage_s: Annotated[
        float, typer.Option("--outage", help="seconds without service that must be lived through")
    ] = 30,
    costs: Annotated[
        Path | None, typer.Option("--costs", help="as `python -m drill.scale measure` writes them")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="of the simulation")] = 1,
    as_json: Json = False,
) -> None:
    """Say what so many patients need: workers, cores, ports, files, history, memory, checker. Simulated, from measured costs."""
    from drill.scale import costs as data  # noqa: PLC0415 - NumPy and the load generator: only for who asks
    from drill.scale.needs import BadScale, default_rate  # noqa: PLC0415
    from drill.scale.report import both, table  # noqa: PLC0415

    if patients < 1:
        refuse(f"--patients {patients}: must be at least 1")
    if not 0 <= outage_s <= 300:
        refuse(f"--outage {outage_s:g}: must be 0 to 300 seconds")
    if rate is not None and not rate > 0:
        refuse(f"--rate {rate:g}: must be more than 0 uploads a second")
    try:
        measured = data.read(costs or data.MEASURED)
        found = both(patients, default_rate(patients) if rate is None else rate, outage_s, measured, seed)
    except (data.BadCosts, BadScale) as error:
        refuse(str(error))
    if as_json:
        typer.echo(json.dumps({name: each.to_json() for name, each in found.items()}))
    else:
        typer.echo(table(found, measured))
