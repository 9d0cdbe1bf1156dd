"""From lines to a table: what matters is typed, all the rest is text; 150,000 actions take seconds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from results.schema import TELEMETRY
from results.telemetry import DamagedTelemetry, compact_telemetry, ndjson


def stored(run: Path, sink: str, site: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    file = ndjson(run, sink, site)
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (table,) = compact_telemetry(run)
    assert not file.exists()
    whole = pq.read_table(table)
    assert whole.schema.equals(TELEMETRY)
    rows: list[dict[str, Any]] = whole.to_pylist()
    return rows


def test_an_item_of_sentry_keeps_everything_as_text(tmp_path: Path) -> None:
    line = {"id": 4, "received": 7, "project": 1, "kind": "event", "title": "E: x", "name": None, "payload": '{"a": 1}'}
    assert stored(tmp_path, "sentry", "gra", [line]) == [
        {"sink": "sentry", "site": "gra", "t": 7, "kind": "event", "item": "4", "text": 'event\nE: x\n{"a": 1}'}
    ]


def test_a_series_has_no_time_and_an_alert_no_site(tmp_path: Path) -> None:
    (series,) = stored(tmp_path, "prometheus", "fra", [{"id": 1, "name": "up", "labels": '{"site": "fra"}'}])
    assert (series["t"], series["kind"], series["text"]) == (None, "up", 'up\n{"site": "fra"}')
    (alert,) = stored(tmp_path / "..", "alerts", "", [{"id": 1, "t": 5, "state": "firing", "alert": "A", "text": "{}"}])
    assert (alert["site"], alert["t"], alert["text"]) == (None, 5, "firing\nA\n{}")


def test_nothing_is_an_empty_table(tmp_path: Path) -> None:
    assert stored(tmp_path, "matomo", "gra", []) == []


def test_a_line_that_is_long_is_read(tmp_path: Path) -> None:
    (row,) = stored(tmp_path, "sentry", "gra", [{"id": 1, "kind": "attachment", "payload": "x" * (3 << 20)}])
    assert len(row["text"]) > 3 << 20


def test_what_is_no_json_is_refused_with_the_files_name(tmp_path: Path) -> None:
    file = ndjson(tmp_path, "matomo", "gra")
    file.parent.mkdir()
    file.write_text('{"id": 1}\nnonsense\n')
    with pytest.raises(DamagedTelemetry, match=r"gra-matomo\.ndjson"):
        compact_telemetry(tmp_path)


def test_many_actions_take_seconds(tmp_path: Path) -> None:
    file = ndjson(tmp_path, "matomo", "gra")
    file.parent.mkdir()
    query = "idsite=1&rec=1&_id=0123456789abcdef&e_c=upload&e_a=ok&e_v=120&cdt=1795519553&send_image=0"
    lines = (
        f'{{"id":{n},"received":{n},"at":{n},"visitor":"0123456789abcdef","kind":"event","url":"app://upload",'
        f'"title":null,"category":"upload","action":"ok","name":null,"value":120,"query":"{query}"}}\n'
        for n in range(150_000)
    )
    file.write_text("".join(lines))
    begun = time.monotonic()
    (table,) = compact_telemetry(tmp_path)
    assert time.monotonic() - begun < 20  # it takes about one
    assert pq.read_metadata(table).num_rows == 150_000
    assert table.stat().st_size < 3 << 20
