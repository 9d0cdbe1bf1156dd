"""A run with any number of rows, for measuring how judging and drawing scale. Never for judging anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from results.history import write_table
from results.manifest import write_manifest
from results.plan import Plan
from results.plan_file import write_plan
from results.schema import HISTORY, LOOKUPS, READBACK, SAMPLES
from results.timeline import TimelineWriter, gather

_ADDRESSES = {"fra": "198.51.100.10", "gra": "203.0.113.10"}
_T0 = 1_800_000_000_000_000_000
_S = 1_000_000_000


def write_run(run: Path, rows: int, files: int = 4, seed: int = 1) -> Path:
    """A healthy drill of ten minutes with `rows` uploads, each acknowledged at its first attempt or, for 1 %, its second."""
    from results.clock import Clock  # noqa: PLC0415 - only for the timeline's writer

    run.mkdir(parents=True)
    classes = [{"name": "fresh", "share": 1, "resolver": "honest"}]
    plan = Plan.model_validate({"drill": "synthetic", "load": {"classes": classes, "rate": rows / 600}})
    write_plan(plan, run / "plan.yaml")
    target = {
        "sites": [{"name": name, "address": address} for name, address in _ADDRESSES.items()],
        "zone": {"authoritative": [{"name": "ns1"}]},
        "resolvers": [{"name": "honest", "kind": "honest"}],
    }
    (run / "environment.json").write_text(json.dumps({"target": target}))
    rng = np.random.default_rng(seed)
    per_file = rows // files
    for number in range(files):
        ops = np.arange(per_file, dtype=np.int64) + number * per_file
        intended = np.sort(rng.integers(-200 * _S, 400 * _S, per_file)) + _T0
        latency = (rng.lognormal(4.6, 0.5, per_file) * 1e6).astype(np.int64)
        patient = (ops % 120_000).astype(np.int64)
        seq = ops // 120_000 + 1
        op = patient << 24 | seq
        digest = op.astype(np.uint64) * np.uint64(7919)
        _history(run / "history" / f"worker-{number:03d}.parquet", op, patient, seq, digest, intended, latency)
        _readback(run / "readback" / f"public-public-{number}.parquet", op, patient, seq, digest)
    asked = np.sort(rng.integers(-200 * _S, 400 * _S, rows // 20)) + _T0
    _lookups(run / "lookups.parquet", asked)
    write_table(SAMPLES.empty_table(), run / "samples.parquet")
    with TimelineWriter(run, "drill", Clock(0, 0)) as timeline:
        _events(timeline, rows)
    gather(run)
    (run / "journal.json").write_text(json.dumps({"status": "completed"}))
    write_manifest(run)
    return run


def _events(timeline: TimelineWriter, rows: int) -> None:
    def at(seconds: float) -> int:
        return _T0 + int(seconds * _S)

    spans = (("steady", -200, 0), ("loss", 0, 1), ("takeover", 1, 5), ("recovered", 5, 400))
    for phase, begin, end in spans:
        timeline.write("phase", phase, t_ns=at(begin), state="begin")
        timeline.write("phase", phase, t_ns=at(end), state="end")
    timeline.write("fault.command", "fra", t_ns=at(-0.1))
    timeline.write("fault.receipt", "fra", t_ns=at(0), effective=True)
    timeline.write("dns.authoritative", "ns1", t_ns=at(4), answer=_ADDRESSES["gra"])
    timeline.write("readback", "public", t_ns=at(500), path="public", rows=rows, complete=True, t_invoked=at(490))


def _history(
    path: Path, op: Any, patient: Any, seq: Any, digest: Any, intended: Any, latency: Any
) -> None:  # NumPy columns
    rows = len(op)
    at_survivor = intended >= _T0
    columns: dict[str, Any] = {
        "op": op,
        "patient": patient,
        "seq": seq,
        "digest": digest,
        "attempt": np.ones(rows, np.int16),
        "worker": np.zeros(rows, np.int16),
        "t_intended": intended,
        "t_scheduled": intended,
        "t_dispatched": intended + 1_000_000,
        "t_connected": intended + latency // 2,
        "t_sent": intended + latency // 2,
        "t_done": intended + latency,
        "status": np.full(rows, 201, np.int16),
        "ack": op,
    }
    named = {
        "address": (list(_ADDRESSES.values()), at_survivor.astype(np.int16)),
        "site": (list(_ADDRESSES), at_survivor.astype(np.int16)),
    }
    same = {
        **{"signal": "heart-rate", "region": "DE-west", "distance": "near", "resolver": "honest", "client": "fresh"},
        **{"connection": "new", "tls": "full", "outcome": "ok", "role": "active", "version": "1.0.0", "error": None},
    }
    write_table(_table(HISTORY, columns, named, same, rows), path)


def _readback(path: Path, op: Any, patient: Any, seq: Any, digest: Any) -> None:  # NumPy columns
    columns = {"op": op, "patient": patient, "seq": seq, "digest": digest, "ack": op, "t_stored": op}
    same = {"site": "public", "path": "public", "foreign": None}
    write_table(_table(READBACK, columns, {}, same, len(op)), path)


def _lookups(path: Path, asked: Any) -> None:  # a NumPy column
    moved = (asked > _T0 + 8 * _S).astype(np.int16)
    columns = {"t_asked": asked, "t_answered": asked + 1_000_000, "ttl": np.full(len(asked), 5, np.int32)}
    same = {
        **{"vantage": "patients", "layer": "resolver", "server": "honest", "client": "fresh", "rcode": "NOERROR"},
        **{"name": "vitals.heart.test", "patient": None},
    }
    write_table(_table(LOOKUPS, columns, {"answer": (list(_ADDRESSES.values()), moved)}, same, len(asked)), path)


def _table(
    schema: pa.Schema, columns: dict[str, Any], named: dict[str, Any], same: dict[str, Any], rows: int
) -> pa.Table:
    arrays = []
    for field in schema:
        if field.name in columns:
            arrays.append(pa.array(columns[field.name]).cast(field.type))
        elif field.name in named:
            values, codes = named[field.name]
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(codes, pa.int16()), pa.array(values)))
        elif same[field.name] is None:
            arrays.append(pa.nulls(rows, field.type))
        else:
            codes = pa.array(np.zeros(rows, np.int16))
            whole = pa.DictionaryArray.from_arrays(codes, pa.array([same[field.name]]))
            arrays.append(whole if pa.types.is_dictionary(field.type) else whole.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
