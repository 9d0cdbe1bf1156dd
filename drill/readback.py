"""The final reads: through the public name, per site, and straight from each site's store (definitions 5.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chaos.drivers import Driver
from drill.export_reader import PUBLIC
from drill.outside import ask_outside
from results.clock import Clock
from results.readback import compact_readback
from results.timeline import TimelineWriter
from targets.model import Target

_WITHIN_S = 120


def read_everything(
    run: Path, target: Target, target_file: Path, driver: Driver, timeline: TimelineWriter, clock: Clock, survivor: str
) -> None:
    """All reads, each with its event on the timeline, also when it failed. The rows are left as NDJSON."""
    folder = run / "readback"
    folder.mkdir(exist_ok=True)
    _over_http(run, target, target_file, timeline, clock, PUBLIC, PUBLIC, "public")
    _over_http(run, target, target_file, timeline, clock, target.site(survivor).address, survivor, "site")
    for site in target.sites:
        begun, file = clock.now_ns(), folder / f"{site.name}-store.ndjson"
        try:
            proof = driver.read_store(site.name, file)["proof"]
        except (OSError, RuntimeError) as error:
            _tell(timeline, clock, site.name, "store", begun, why=" ".join(str(error).split()))
        else:
            _tell(timeline, clock, site.name, "store", begun, rows=proof["count"], proof=proof)


def compact_all(run: Path, tag: str) -> None:
    """Tables from all rows that were read. Raises results.readback.DamagedReadback."""
    for file in sorted((run / "readback").glob("*.ndjson")):
        site, _, path = file.stem.partition("-")
        compact_readback(file, site, path, tag)


def _over_http(
    run: Path,
    target: Target,
    target_file: Path,
    timeline: TimelineWriter,
    clock: Clock,
    address: str,
    site: str,
    path: str,
) -> None:
    begun, file = clock.now_ns(), run / "readback" / f"{site}-{path}.ndjson"
    answer = ask_outside(target, "export_reader", address, str(file), str(target_file), within_s=_WITHIN_S)
    if "error" in answer:
        file.unlink(missing_ok=True)
        _tell(timeline, clock, site, path, begun, why=answer["error"])
    else:
        _tell(timeline, clock, site, path, begun, rows=answer["rows"], proof=answer["proof"], served_by=answer["site"])


def _tell(timeline: TimelineWriter, clock: Clock, site: str, path: str, begun: int, **data: Any) -> None:  # JSON values
    timeline.write(
        "readback",
        site,
        path=path,
        complete="rows" in data,
        t_invoked=begun,
        t_done=clock.now_ns(),
        **data,
    )
