from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from results.evidence import Evidence, Unusable
from results.row_log import RowWriter
from results.rows import DamagedRows, compact_rows
from results.schema import SAMPLES, USAGE


def test_rows_of_several_writers_become_one_table_in_order(tmp_path: Path) -> None:
    for source, times in (("a", (3, 1)), ("b", (2,))):
        writer = RowWriter(tmp_path, "samples", source)
        for t in times:
            writer.append(t, source, "x", "cpu_s", t / 2)
        writer.close()
    table = pq.read_table(compact_rows(tmp_path, "samples", SAMPLES))
    assert table["t"].to_pylist() == [1, 2, 3]
    assert table.schema.names == SAMPLES.names


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    writer = RowWriter(tmp_path, "samples", "a")
    writer.append(1, "a", "x", "cpu_s", 0.5)
    writer.append(2, "a", "x", "cpu_s", 0.5)
    writer.close()
    path = tmp_path / "samples" / "a.rows"
    path.write_bytes(path.read_bytes()[:-4])
    assert pq.read_table(compact_rows(tmp_path, "samples", SAMPLES)).num_rows == 1


def test_none_is_null(tmp_path: Path) -> None:
    writer = RowWriter(tmp_path, "samples", "a")
    writer.append(1, "a", None, "cpu_s", None)
    writer.close()
    (row,) = pq.read_table(compact_rows(tmp_path, "samples", SAMPLES)).to_pylist()
    assert (row["subject"], row["value"]) == (None, None)


def test_a_damaged_line_is_refused_with_its_file(tmp_path: Path) -> None:
    RowWriter(tmp_path, "samples", "a").close()
    (tmp_path / "samples" / "a.rows").write_text("1\x1fa\n")
    with pytest.raises(DamagedRows, match=r"samples/a\.rows"):
        compact_rows(tmp_path, "samples", SAMPLES)


def test_a_run_without_rows_has_an_empty_table(tmp_path: Path) -> None:
    assert pq.read_table(compact_rows(tmp_path, "samples", SAMPLES)).num_rows == 0


def test_the_apps_reports_are_evidence(tmp_path: Path) -> None:
    writer = RowWriter(tmp_path, "usage", "loadtests-0")
    writer.append(0, 0, 500, None, 20, "fail", None, None, None, "refused")
    writer.append(0, 0, 500, 30, 40, "ok", 498, 2, "gra", None)
    writer.close()
    with Evidence(tmp_path) as evidence, pytest.raises(Unusable, match=r"usage\.parquet: missing"):
        evidence.rows("SELECT * FROM usage")
    compact_rows(tmp_path, "usage", USAGE)
    with Evidence(tmp_path) as evidence:
        asked = "SELECT sum(count), sum(tracked), count(t_sent) FROM usage WHERE site = 'gra' OR error = 'refused'"
        assert evidence.rows(asked) == [(1000, 498, 1)]
