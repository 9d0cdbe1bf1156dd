"""From the rows that a site gave back (NDJSON) to the evidence table (`results.schema.READBACK`)."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.json as pj

from results.history import write_table
from results.identity import operation_of_key, patient_index
from results.schema import READBACK

_COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("identifier", pa.struct([("value", pa.string())])),
        ("patient", pa.string()),
        ("seq", pa.int32()),
        ("digest", pa.string()),
        ("stored", pa.int64()),
    ]
)


class DamagedReadback(ValueError):
    """A file of rows that cannot be read: names the file."""


def compact_readback(file: Path, site: str, path: str, run_tag: str) -> Path:
    """Write ``<file>.parquet`` beside the NDJSON `file`, and remove that. Raises DamagedReadback."""
    table = pa.Table.from_pylist([], _COLUMNS)
    if file.stat().st_size:
        try:
            options = pj.ParseOptions(explicit_schema=_COLUMNS, unexpected_field_behavior="ignore")
            table = pj.read_json(file, parse_options=options)
        except pa.ArrowInvalid as error:
            raise DamagedReadback(f"{file.name}: {' '.join(str(error).split())}") from error
    keys = [each["value"] if each else None for each in table["identifier"].to_pylist()]
    ops = [operation_of_key(run_tag, key) if key else None for key in keys]
    rows = len(keys)
    columns = {
        "site": [site] * rows,
        "path": [path] * rows,
        "patient": [patient_index(name) if name else None for name in table["patient"].to_pylist()],
        "seq": table["seq"].to_pylist(),
        "op": ops,
        "digest": [int(each[:16], 16) if each else None for each in table["digest"].to_pylist()],
        "ack": [int(each) if each else None for each in table["id"].to_pylist()],
        "t_stored": table["stored"].to_pylist(),
        "foreign": [key if op is None else None for key, op in zip(keys, ops, strict=True)],
    }
    arrays = []
    for field in READBACK:
        if pa.types.is_dictionary(field.type):
            arrays.append(pa.array(columns[field.name], pa.string()).dictionary_encode().cast(field.type))
        else:
            arrays.append(pa.array(columns[field.name], field.type))
    target = file.with_suffix(".parquet")
    write_table(pa.Table.from_arrays(arrays, schema=READBACK), target)
    file.unlink()
    return target
