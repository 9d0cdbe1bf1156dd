from __future__ import annotations

import json
from pathlib import Path

import pytest

from drill.scale import costs as data
from drill.scale.agreement import fitted_rates


def test_what_is_in_the_repository_can_be_read_and_says_where_it_is_from() -> None:
    measured = data.read()
    assert measured.machine.cores > 0
    assert measured.date > "2026"
    assert {len(points) for points in measured.rounds} == {len(measured.rounds[0])}
    assert not set("/@") & set(measured.machine.cpu.replace("@ ", ""))


def test_costs_of_all_parts_add_up_to_what_an_upload_took() -> None:
    measured = data.read()
    low, high = (measured.rounds[0][place] for place in fitted_rates(measured.rounds[0]))
    found = data.calibrate(low, high, measured.overdue_us)
    seconds = high.lasted_s
    parts = high.parts.parts
    uploads, dialled = parts["prepare"].calls, parts["dial"].calls
    whole = (
        uploads * sum(found.cpu[name] for name in ("prepare", "record", "begin", "answer", "take", "write"))
        + dialled * sum(found.cpu[name] for name in ("dial", "hello", "finish"))
        + high.parts.polls * found.cpu["poll"]
        + parts["frame"].calls * found.cpu["frame"]
        + seconds * (found.cpu["second"] + found.second_each_s * high.attempts / seconds)
    )
    assert whole == pytest.approx(high.parts.cpu_s, rel=0.03)
    assert min(found.cpu.values()) >= 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "No such file or directory"),
        ("nonsense", "no JSON"),
        ("{}", "date: Field required"),
        ('{"more": 1}', "Field required"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "measured.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(data.BadCosts, match=why):
        data.read(path)


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(json.loads(data.MEASURED.read_bytes()) | {"more": 1}))
    with pytest.raises(data.BadCosts, match=r"measured\.json: more: Extra inputs"):
        data.read(path)
