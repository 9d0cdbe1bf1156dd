"""From the append-only rows of the smaller tables (`results.row_log`) to one Parquet table each."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from results.history import write_table
from results.row_log import UNIT


class DamagedRows(ValueError):
    """A line that is no row: names the file."""


def compact_rows(run: Path, table: str, schema: pa.Schema) -> Path:
    """``<table>.parquet`` from all ``<table>/*.rows``, ordered by the first column.

    A last line that was cut off is left out. Raises DamagedRows.
    """
    parts = [_read(path, schema) for path in sorted((run / table).glob("*.rows"))]
    whole = pa.concat_tables(parts) if parts else schema.empty_table()
    path = run / f"{table}.parquet"
    write_table(whole.sort_by(schema.names[0]), path)
    return path


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    data = path.read_bytes().rpartition(b"\n")[0]
    if not data:
        return schema.empty_table()
    plain = {f.name: f.type.value_type if pa.types.is_dictionary(f.type) else f.type for f in schema}
    try:
        table = pc.read_csv(
            pa.BufferReader(data),
            read_options=pc.ReadOptions(column_names=schema.names),
            parse_options=pc.ParseOptions(delimiter=UNIT, quote_char=False),
            convert_options=pc.ConvertOptions(column_types=plain, strings_can_be_null=True, null_values=[""]),
        )
    except pa.ArrowInvalid as error:
        raise DamagedRows(f"{path.parent.name}/{path.name}: {' '.join(str(error).split())}") from error
    arrays = [
        column.dictionary_encode().cast(field.type) if pa.types.is_dictionary(field.type) else column
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
