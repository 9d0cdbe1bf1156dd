"""From what a sink gave back (NDJSON) to the evidence table (`results.schema.TELEMETRY`).

Files are ``telemetry/<site>-<sink>.ndjson``, for the alert channel ``telemetry/alerts.ndjson``. The columns of each sink are
below: which of them is item, time and kind, and all those that make up the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from results.history import write_table
from results.schema import TELEMETRY

FOLDER = "telemetry"
_LONGEST_LINE = 64 << 20  # an attachment in a Sentry item may be long; a line must lie within one block of the reader


@dataclass(frozen=True)
class Layout:
    """Columns of a sink's lines. `item`: its number. `t`: ns since the epoch; "" where an item has no one time."""

    item: str
    t: str
    kind: str
    texts: tuple[str, ...]
    numbers: tuple[str, ...] = ()

    def schema(self) -> pa.Schema:
        """Of a file of these lines."""
        numbers = dict.fromkeys(
            (self.item, self.t, *self.numbers) if self.t else (self.item, *self.numbers), pa.int64()
        )
        texts = dict.fromkeys((self.kind, *self.texts), pa.string())
        return pa.schema([*numbers.items(), *texts.items()])


LAYOUTS = {
    "sentry": Layout(
        *("id", "received", "kind"),
        ("event", "issue", "title", "level", "environment", "release", "server", "name", "status", "payload"),
    ),
    "matomo": Layout("id", "received", "kind", ("visitor", "url", "title", "category", "action", "name", "query")),
    "prometheus": Layout("id", "", "name", ("labels",)),
    "alerts": Layout("id", "t", "state", ("alert", "text")),
}


class DamagedTelemetry(ValueError):
    """A file of items that cannot be read: names the file."""


def ndjson(run: Path, sink: str, site: str = "") -> Path:
    """Where the lines of a sink at a site are put."""
    return run / FOLDER / f"{site}-{sink}.ndjson" if site else run / FOLDER / f"{sink}.ndjson"


def compact_telemetry(run: Path) -> list[Path]:
    """Tables from all files of lines, which are removed. Raises DamagedTelemetry."""
    return [_compact(file) for file in sorted((run / FOLDER).glob("*.ndjson"))]


def _compact(file: Path) -> Path:
    site, _, sink = file.stem.rpartition("-")
    layout = LAYOUTS[sink]
    schema = layout.schema()
    table = schema.empty_table()
    if size := file.stat().st_size:
        options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        reading = pj.ReadOptions(block_size=min(size, _LONGEST_LINE))
        try:
            table = pj.read_json(file, read_options=reading, parse_options=options)
        except pa.ArrowInvalid as error:
            raise DamagedTelemetry(f"{file.name}: {' '.join(str(error).split())}") from error
    rows = len(table)
    texts = [table[name] for name in (layout.kind, *layout.texts)]
    columns = {
        "sink": pa.array([sink] * rows, pa.string()),
        "site": pa.array([site or None] * rows, pa.string()),
        "t": table[layout.t] if layout.t else pa.nulls(rows, pa.int64()),
        "kind": table[layout.kind].combine_chunks(),
        "item": pc.cast(table[layout.item], pa.string()),
        "text": pc.binary_join_element_wise(*texts, "\n", null_handling="skip"),
    }
    arrays = [
        columns[field.name].dictionary_encode().cast(field.type)
        if pa.types.is_dictionary(field.type)
        else columns[field.name]
        for field in TELEMETRY
    ]
    target = file.with_suffix(".parquet")
    write_table(pa.Table.from_arrays(arrays, schema=TELEMETRY), target)
    file.unlink()
    return target
