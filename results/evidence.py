"""Opens the stored evidence of a run for reading: tables in DuckDB, events, plan, journal. Writes nothing, judges nothing.

Views over the attempts (times in ns on the run's clock; definitions 5.1 to 5.3):

=============  =======================================================================================================
history        every row of `results.schema.HISTORY`
attempts       rows with attempt > 0
operations     one row per reading: op, patient, seq, signal, client, resolver, distance, digest, t_intended,
               outcome (ok, fail, info, unsent), t_ack (earliest acknowledgement), t_first (first dispatch), attempts
lookups, samples, usage, readback, contacts, telemetry   as in `results.schema`
=============  =======================================================================================================

What is missing or damaged is told by `Unusable` to the check that needs it, which is then inconclusive: absence is never green.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from results import schema
from results.plan import Plan
from results.plan_file import BadPlan, read_plan
from results.timeline import DamagedTimeline, Event
from results.timeline import read as read_timeline

_OPERATIONS = """
CREATE TEMP TABLE operations AS
SELECT op, any_value(patient) AS patient, any_value(seq) AS seq, any_value(signal) AS signal,
       any_value(client) AS client, any_value(resolver) AS resolver, any_value(distance) AS distance,
       any_value(digest) AS digest, min(t_intended) AS t_intended,
       CASE WHEN bool_or(outcome = 'ok') THEN 'ok' WHEN bool_and(outcome = 'unsent') THEN 'unsent'
            WHEN bool_and(outcome IN ('fail', 'unsent')) THEN 'fail' ELSE 'info' END AS outcome,
       min(t_done) FILTER (outcome = 'ok') AS t_ack, min(t_dispatched) AS t_first, max(attempt) AS attempts
FROM history GROUP BY op
"""
_TABLES = {
    "history": (schema.HISTORY, "history/*.parquet"),
    "lookups": (schema.LOOKUPS, "lookups.parquet"),
    "samples": (schema.SAMPLES, "samples.parquet"),
    "usage": (schema.USAGE, "usage.parquet"),
    "readback": (schema.READBACK, "readback/*.parquet"),
    "contacts": (schema.CONTACTS, "contacts.parquet"),
    "telemetry": (schema.TELEMETRY, "telemetry/*.parquet"),
}


class Unusable(Exception):
    """Part of the evidence is missing or damaged: one line."""


class Evidence:
    """One run's evidence. Use as a context manager."""

    def __init__(self, run: Path, memory: str = "650MB") -> None:
        self.run = run
        self._db = duckdb.connect(config={"memory_limit": memory, "threads": "2", "preserve_insertion_order": "false"})
        self._db.execute("SET enable_progress_bar = false")
        self._opened: dict[str, str] = {}

    def __enter__(self) -> Evidence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # tables

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Result of a query over the views it names. Raises Unusable."""
        for name in (*_TABLES, "attempts", "operations"):
            if name in query:
                self._open(name)
        try:
            return self._db.execute(query, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise Unusable(_first_line(error)) from error

    def row(self, query: str, *parameters: Any) -> tuple[Any, ...]:
        """The one row of a query."""
        return self.rows(query, *parameters)[0]

    def table(self, query: str, *parameters: Any) -> pa.Table:
        """The same as an Arrow table, for plots."""
        self.rows(f"SELECT 1 FROM ({query}) LIMIT 0", *parameters)
        try:
            return self._db.sql(query, params=list(parameters)).to_arrow_table()
        except duckdb.Error as error:
            raise Unusable(_first_line(error)) from error

    def _open(self, name: str) -> None:
        if name in self._opened:
            if self._opened[name]:
                raise Unusable(self._opened[name])
            return
        try:
            if name == "attempts":
                self._open("history")
                self._db.execute("CREATE TEMP VIEW attempts AS SELECT * FROM history WHERE attempt > 0")
            elif name == "operations":
                self._open("history")
                self._db.execute(_OPERATIONS)
            else:
                self._create(name)
        except Unusable as error:
            self._opened[name] = str(error)
            raise
        except duckdb.Error as error:
            self._opened[name] = f"{name}: {_first_line(error)}"
            raise Unusable(self._opened[name]) from error
        self._opened[name] = ""

    def _create(self, name: str) -> None:
        columns, pattern = _TABLES[name]
        files = sorted(self.run.glob(pattern))
        if not files:
            raise Unusable(f"{pattern}: missing")
        for file in files:
            try:
                found = pq.read_schema(file).names
            except (pa.ArrowException, OSError) as error:
                raise Unusable(f"{file.relative_to(self.run)}: damaged ({_first_line(error)})") from error
            if absent := set(columns.names) - set(found):
                raise Unusable(f"{file.relative_to(self.run)}: columns missing: {', '.join(sorted(absent))}")
        listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        wanted = ", ".join(f'"{column}"' for column in columns.names)
        self._db.execute(f"CREATE TEMP VIEW {name} AS SELECT {wanted} FROM read_parquet([{listed}])")

    # the smaller files

    @cached_property
    def plan(self) -> Plan:
        """Raises Unusable."""
        try:
            return read_plan(self.run / "plan.yaml")
        except BadPlan as error:
            raise Unusable(str(error).replace(f"{self.run}/", "")) from error

    @cached_property
    def events(self) -> list[Event]:
        """The timeline in order of time. Raises Unusable."""
        path = self.run / "timeline.jsonl"
        if not path.exists():
            raise Unusable("timeline.jsonl: missing")
        try:
            return list(read_timeline(path))
        except DamagedTimeline as error:
            raise Unusable(str(error)) from error

    def of_kind(self, kind: str) -> list[Event]:
        """Events of one kind (vocabulary: `results.timeline`). Raises Unusable."""
        return [event for event in self.events if event.kind == kind]

    def phase(self, name: str) -> tuple[int, int]:
        """Begin and end of a phase in ns. Raises Unusable where it has not both."""
        times = {e.data.get("state"): e.t_ns for e in self.of_kind("phase") if e.subject == name}
        if "begin" not in times or "end" not in times:
            raise Unusable(f"phase {name}: not on the timeline from begin to end")
        return times["begin"], times["end"]

    @cached_property
    def journal(self) -> dict[str, Any]:
        """Chaos Toolkit's journal. Raises Unusable."""
        return self._json("journal.json")

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, machine, inventory of the target. Raises Unusable."""
        return self._json("environment.json")

    def address(self, site: str, *, tools: bool = False) -> str:
        """Public address of a site, or of its tools cluster. Raises Unusable."""
        for each in self.environment.get("target", {}).get("sites", []):
            if each["name"] == site and (address := each.get("tools_address" if tools else "address")):
                return str(address)
        raise Unusable(f"environment.json: no address of site {site}")

    def _json(self, name: str) -> dict[str, Any]:
        path = self.run / name
        if not path.exists():
            raise Unusable(f"{name}: missing")
        try:
            whole = json.loads(path.read_bytes())
        except ValueError as error:
            raise Unusable(f"{name}: not JSON ({error})") from error
        if not isinstance(whole, dict):
            raise Unusable(f"{name}: not an object")
        return whole


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:160]
