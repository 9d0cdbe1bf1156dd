"""From the workers' append-only logs to one Parquet table per worker (`results.schema.HISTORY`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from results.history_log import LOGS, UNKNOWN, Completion, Invocation, read_history
from results.identity import patient_of, seq_of
from results.schema import HISTORY


def compact(run: Path) -> list[Path]:
    """Write ``history/worker-NNN.parquet`` from every log of the run. Raises DamagedHistory."""
    return [_compact(log) for log in sorted((run / LOGS).glob("worker-*.hlog"))]


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet as all tables of a run have it: zstd, integers delta-packed, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = [f.name for f in table.schema if pa.types.is_integer(f.type)]
    draft = path.with_suffix(".part")
    pq.write_table(
        table,
        draft,
        compression="zstd",
        use_dictionary=[f.name for f in table.schema if f.name not in packed],
        column_encoding=dict.fromkeys(packed, "DELTA_BINARY_PACKED"),
    )
    draft.rename(path)


def _compact(log: Path) -> Path:
    rows: dict[tuple[int, int], tuple[Invocation, Completion | None]] = {}
    for kind, row in read_history(log):
        if kind == "complete":
            begun = rows[row.op, row.attempt][0]
            rows[row.op, row.attempt] = (begun, row)  # type: ignore[assignment] # kind says that it is a Completion
        else:
            rows[row.op, row.attempt] = (row, None)  # type: ignore[assignment] # kind says that it is an Invocation
    worker = int(log.stem.rpartition("-")[2])
    path = log.parent.parent / f"{log.stem}.parquet"
    write_table(table_of(list(rows.values()), worker), path)
    return path


def table_of(rows: list[tuple[Invocation, Completion | None]], worker: int) -> pa.Table:
    """Attempts as a table. An attempt without a completion is info: nobody knows."""
    begun = [row[0] for row in rows]
    ended = [row[1] for row in rows]

    def text(name: str) -> list[str | None]:
        return [(getattr(row, name) or None) if row else None for row in ended]

    def time(name: str) -> list[int | None]:
        return [(getattr(row, name) or None) if row else None for row in ended]

    def number(name: str) -> list[int | None]:
        return [None if row is None or getattr(row, name) == UNKNOWN else getattr(row, name) for row in ended]

    columns: dict[str, list[Any]] = {  # Any: a column's own type
        "op": [row.op for row in begun],
        "patient": [patient_of(row.op) for row in begun],
        "seq": [seq_of(row.op) for row in begun],
        "digest": [row.digest for row in begun],
        "attempt": [row.attempt for row in begun],
        "worker": [worker] * len(rows),
        "outcome": [end.outcome if end else ("unsent" if row.attempt == 0 else "info") for row, end in rows],
        "status": number("status"),
        "ack": number("ack"),
        "t_dispatched": [row.t_dispatched or None for row in begun],
    }
    columns |= {n: [getattr(r, n) for r in begun] for n in ("signal", "region", "distance", "client")}
    columns |= {n: [getattr(r, n) or None for r in begun] for n in ("resolver",)}
    columns |= {n: [getattr(r, n) for r in begun] for n in ("t_intended", "t_scheduled")}
    columns |= {n: text(n) for n in ("address", "connection", "tls", "error", "site", "role", "version")}
    columns |= {n: time(n) for n in ("t_connected", "t_sent", "t_done")}
    arrays = [_array(columns[field.name], field.type) for field in HISTORY]
    return pa.Table.from_arrays(arrays, schema=HISTORY)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string()).dictionary_encode().cast(kind)
    return pa.array(values, kind)
