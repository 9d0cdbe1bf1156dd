from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results.history import compact
from results.history_log import Completion, DamagedHistory, HistoryWriter, Invocation, log_path, read_history
from results.identity import operation
from results.schema import HISTORY

_NAME = st.text("abc-é", max_size=8)
_TIME = st.integers(1, 2**62)
_INVOCATION = st.builds(
    Invocation,
    op=st.integers(1, 2**55),
    digest=st.integers(0, 2**64 - 1),
    attempt=st.integers(1, 30_000),
    signal=_NAME,
    region=_NAME,
    distance=_NAME,
    resolver=_NAME,
    client=_NAME,
    t_intended=_TIME,
    t_scheduled=_TIME,
    t_dispatched=_TIME,
)


def invocation(op: int = operation(7, 1), attempt: int = 1) -> Invocation:
    return Invocation(op, 2**64 - 1, attempt, "weight", "DE-west", "near", "honest", "fresh", 1000, 1000, 1002)


def completion(op: int = operation(7, 1), attempt: int = 1, outcome: str = "ok") -> Completion:
    return Completion(
        op, attempt, 1060, outcome, "198.51.100.10", "new", "full", 1040, 1041, 201, "", "fra", "active", "1", 5
    )


@given(rows=st.lists(_INVOCATION, max_size=20, unique_by=lambda row: (row.op, row.attempt)))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(rows: list[Invocation], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("log") / "worker-000.hlog"
    writer = HistoryWriter(path)
    writer.invoke(rows)
    writer.close()
    assert [row for _, row in read_history(path)] == rows


def test_an_invocation_is_on_disk_before_anything_else_happens(tmp_path: Path) -> None:
    path = tmp_path / "worker-000.hlog"
    writer = HistoryWriter(path)
    writer.invoke([invocation()])
    assert list(read_history(path)) == [("invoke", invocation())]
    writer.close()


def test_a_log_cut_at_any_byte_is_read_up_to_its_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "worker-000.hlog"
    writer = HistoryWriter(path)
    writer.invoke([invocation()])
    writer.complete([completion()])
    writer.close()
    whole = path.read_bytes()
    lengths = set()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        lengths.add(len(list(read_history(path))))
    assert lengths == {0, 1, 2}


def test_a_damaged_record_in_the_middle_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "worker-000.hlog"
    writer = HistoryWriter(path)
    writer.invoke([invocation()])
    writer.complete([completion()])
    writer.close()
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedHistory, match=r"worker-000.hlog: damaged record at byte \d+"):
        list(read_history(path))


def test_a_file_that_is_no_history_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "worker-000.hlog"
    path.write_bytes(b"something else")
    with pytest.raises(DamagedHistory, match="not a history"):
        list(read_history(path))


def test_the_table_has_every_attempt_and_nulls_for_what_did_not_happen(tmp_path: Path) -> None:
    writer = HistoryWriter(log_path(tmp_path, 3))
    writer.invoke([invocation(), invocation(attempt=2), invocation(operation(8, 1))])
    writer.complete([completion(outcome="info"), completion(attempt=2)])
    writer.unsent([invocation(operation(9, 1), attempt=0)])
    writer.close()
    (path,) = compact(tmp_path)
    table = pq.read_table(path)
    assert table.schema.names == HISTORY.names
    rows = {(row["patient"], row["attempt"]): row for row in table.to_pylist()}
    assert {key: row["outcome"] for key, row in rows.items()} == {
        (7, 1): "info",
        (7, 2): "ok",
        (8, 1): "info",
        (9, 0): "unsent",
    }
    lost = rows[8, 1]
    assert {lost[name] for name in ("t_done", "t_sent", "t_connected", "status", "ack", "site", "address")} == {None}
    assert rows[7, 2]["digest"] == 2**64 - 1
    assert {row["worker"] for row in rows.values()} == {3}


def test_a_log_is_never_written_over(tmp_path: Path) -> None:
    HistoryWriter(tmp_path / "a.hlog").close()
    with pytest.raises(FileExistsError):
        HistoryWriter(tmp_path / "a.hlog")
