from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loadtests.https_line import HttpsLine, Reply
from loadtests.order import Order
from loadtests.usage import BULK, UsageReporter, judge, open_usage
from results.clock import Clock
from results.identity import operation
from results.plan import Load, Plan
from results.rows import compact_rows
from results.schema import USAGE
from targets.model import Matomo, Secret
from tests.lab.running import RunningLab, eventually
from tests.loadtests.matomo_server import MatomoServer, loopback, serving

CLOCK = Clock.anchored_now()
MATOMO = Matomo(url="https://unused", site=1, token=Secret(env="UNUSED"))


def order(run: Path, target: Path = Path("unused"), *, usage: bool = True) -> Order:
    plan = Plan(drill="t", load=Load(usage=usage))
    clock = CLOCK.to_environment()["ZWEITHERZ_CLOCK"]
    return Order(plan=plan, target=target, run=run, tag="tag", clock=clock, worker=3, workers=4, users=1)


def reporter(run: Path, server: MatomoServer, **more: Any) -> UsageReporter:
    line = HttpsLine(server.url, server.ca, loopback, CLOCK, "App/1", connect_within_s=0.5, answer_within_s=0.5)
    return UsageReporter(order(run), MATOMO, line, every_s=0.02, **more)


def note(to: UsageReporter, number: int, error: str = "") -> None:
    now = CLOCK.now_ns()
    to.note(operation(number, 1), "fresh", error, now - 2_000_000, now - 1_000_000, now)


def ids(*numbers: int) -> list[str]:
    return [f"tag-3-{number}" for number in numbers]


def rows(run: Path) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = pq.read_table(compact_rows(run, "usage", USAGE)).to_pylist()
    return table


def column(run: Path, *names: str) -> list[Any]:
    return [tuple(row[name] for name in names) for row in rows(run)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def test_what_is_noted_arrives_in_order_and_is_acknowledged(run: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "s") as server:
        app = reporter(run, server)
        for number in range(BULK + 100):
            note(app, number)
        app.start()
        account = app.finish()
        assert server.taken == ids(*range(BULK + 100))
        assert server.connections == 1
    assert (account.noted, account.acknowledged, account.waiting, account.dropped) == (600, 600, 0, 0)
    assert (account.bulks, account.failed, account.invalid) == (2, 0, 0)
    found = rows(run)
    assert [(row["worker"], row["first"], row["count"], row["outcome"]) for row in found] == [
        (3, 0, 500, "ok"),
        (3, 500, 100, "ok"),
    ]
    assert [(row["tracked"], row["invalid"], row["site"], row["error"]) for row in found] == [
        (500, 0, "gra", None),
        (100, 0, "gra", None),
    ]
    assert found[0]["t_sent"] < found[0]["t_done"] < found[1]["t_sent"]


@pytest.mark.parametrize(
    ("mood", "outcome", "error", "stored"),
    [
        ("503", "info", "http-503", 1),
        ("429", "fail", "http-429", 1),
        ("hang", "info", "timeout", 1),
        ("cut", "info", "eof", 1),
        ("nothing-said", "info", "unverifiable", 1),
        ("hang-after", "info", "timeout", 2),  # at least once: it was stored, and nobody could know
    ],
)
def test_a_bulk_without_an_acknowledgement_is_sent_again_as_it_was(
    run: Path, tmp_path: Path, mood: str, outcome: str, error: str, stored: int
) -> None:
    with serving(tmp_path / "s", mood) as server:
        app = reporter(run, server)
        for number in range(3):
            note(app, number)
        app.start()
        eventually(lambda: len(server.seen) >= 1)
        for number in range(3, 5):
            note(app, number)
        eventually(lambda: server.taken[-2:] == ids(3, 4))
        account = app.finish()
        assert server.taken == ids(0, 1, 2) * stored + ids(3, 4), "what came later waited its turn"
    assert (account.noted, account.acknowledged, account.waiting) == (5, 5, 0)
    assert column(run, "first", "count", "outcome", "error")[:2] == [(0, 3, outcome, error), (0, 3, "ok", None)]
    assert {row["t_sent"] for row in rows(run)}.isdisjoint({None})


def test_what_was_noted_while_matomo_was_down_arrives_afterwards(run: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "s", listening=False) as server:
        app = reporter(run, server)
        app.start()
        for number in range(10):
            note(app, number)
        eventually(lambda: len((run / "usage/loadtests-3.rows").read_text().splitlines()) >= 2)
        server.listen()
        eventually(lambda: server.taken == ids(*range(10)))
        account = app.finish()
    assert (account.acknowledged, account.waiting, account.failed) == (10, 0, account.bulks - len(ok_rows(run)))
    first = rows(run)[0]
    assert (first["outcome"], first["error"], first["t_sent"], first["tracked"]) == ("fail", "refused", None, None)


def ok_rows(run: Path) -> list[dict[str, Any]]:
    return [row for row in rows(run) if row["outcome"] == "ok"]


def test_if_matomo_never_answers_the_end_comes_all_the_same_and_says_what_is_left(run: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "s", *["hang"] * 50) as server:
        app = reporter(run, server)
        for number in range(700):
            note(app, number)
        app.start()
        eventually(lambda: server.seen)
        begun = CLOCK.now_ns()
        account = app.finish(within_s=1)
        assert CLOCK.now_ns() - begun < 4_000_000_000
    assert (account.noted, account.acknowledged, account.waiting, account.dropped) == (700, 0, 700, 0)
    assert account.failed == account.bulks == len(rows(run))
    assert set(column(run, "first", "count")) == {(0, 500)}


def test_a_full_queue_drops_the_oldest_and_counts_them(run: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "s") as server:
        app = reporter(run, server, queue_limit=20)
        for number in range(50):
            note(app, number)
        app.start()
        account = app.finish()
        assert server.taken == ids(*range(30, 50))
    assert (account.noted, account.acknowledged, account.dropped, account.waiting) == (50, 20, 30, 0)


def test_events_of_a_bulk_are_consecutive_also_where_the_queue_overflowed_behind_it(run: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "s", "hang") as server:
        app = reporter(run, server, queue_limit=20)
        for number in range(5):
            note(app, number)
        app.start()
        eventually(lambda: server.seen)  # the five are on their way, the queue is empty
        for number in range(5, 40):
            note(app, number)
        account = app.finish()
        assert server.taken == ids(*range(5), *range(20, 40))
    assert column(run, "first", "count", "outcome") == [(0, 5, "info"), (0, 5, "ok"), (20, 20, "ok")]
    assert (account.noted, account.acknowledged, account.dropped) == (40, 25, 15)


def test_a_gap_in_the_queue_begins_a_new_bulk(run: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "s") as server:
        app = reporter(run, server)
        for number in range(6):
            note(app, number)
        del app._queue[3]  # as if the queue had overflowed while it was read
        app.start()
        account = app.finish()
        assert server.taken == ids(0, 1, 2, 4, 5)
    assert column(run, "first", "count") == [(0, 3), (4, 2)]
    assert (account.acknowledged, account.dropped) == (5, 1)


def test_events_that_matomo_refuses_are_no_success_and_are_told_once(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path / "s", "invalid", "invalid") as server:
        app = reporter(run, server)
        for number in range(BULK + 10):
            note(app, number)
        app.start()
        account = app.finish()
        assert len(server.seen) == 2, "what Matomo calls invalid stays invalid: it is not sent again"
    assert (account.acknowledged, account.invalid, account.waiting) == (506, 4, 0)
    assert column(run, "outcome", "tracked", "invalid") == [("ok", 498, 2), ("ok", 8, 2)]
    assert capsys.readouterr().err.splitlines() == [
        "usage: Matomo did not track 2 of 500 events from number 0 on (limit 0); more of them are counted, not told"
    ]


@pytest.mark.parametrize(
    ("reply", "outcome", "error"),
    [
        (Reply(status=200, body=b'{"status":"success","tracked":3,"invalid":0}'), "ok", ""),
        (Reply(status=200, body=b'{"status":"success","tracked":1}'), "ok", ""),
        (Reply(status=200, body=b'{"tracked":4}'), "info", "unverifiable"),  # more than were sent
        (Reply(status=200, body=b'{"tracked":true}'), "info", "unverifiable"),
        (Reply(status=200, body=b"[3]"), "info", "unverifiable"),
        (Reply(status=200, body=b"\xff"), "info", "unverifiable"),
        (Reply(status=204), "info", "http-204"),
        (Reply(status=401), "fail", "http-401"),
        (Reply(status=400, body=b'{"status":"error","tracked":0}'), "fail", "http-400"),
        (Reply(status=400, body=b'{"status":"error","tracked":2}'), "info", "http-400"),  # it took some of them
        (Reply(status=502), "info", "http-502"),
        (Reply(error="dns"), "fail", "dns"),
        (Reply(error="reset", t_sent=5), "info", "reset"),
    ],
)
def test_the_end_of_an_attempt_means(reply: Reply, outcome: str, error: str) -> None:
    judged = judge(reply, 3)
    assert (judged.outcome, judged.error) == (outcome, error)


def test_only_where_the_target_has_a_matomo_and_the_plan_wants_it(lab: RunningLab, run: Path) -> None:
    alone = lab.target.model_copy(update={"tools": None})
    assert open_usage(order(run), alone, CLOCK) is None
    assert open_usage(order(run, usage=False), lab.target, CLOCK) is None
    assert not (run / "usage").exists()


_REPORT = """
import sys
from dataclasses import asdict
from pathlib import Path
import json, time
from loadtests.order import Order
from loadtests.usage import open_usage
from results.clock import Clock
from results.identity import operation
from targets.read import read_target
order = Order.model_validate_json(sys.argv[1])
clock = Clock.from_environment({"ZWEITHERZ_CLOCK": order.clock})
app = open_usage(order, read_target(order.target), clock)
for number in range(30):
    now = clock.now_ns()
    app.note(operation(number, 1), "fresh", "" if number % 3 else "of-this-test", now - 10**8, now - 10**7, now)
print(json.dumps(asdict(app.finish())))
"""


def test_the_labs_matomo_takes_a_bulk_from_the_patients_network(lab: RunningLab, run: Path) -> None:
    call = order(run, lab.up.target).model_dump_json(by_alias=True)
    account = json.loads(lab.inside("patients", sys.executable, "-c", _REPORT, call))
    assert (account["noted"], account["acknowledged"], account["waiting"], account["failed"]) == (30, 30, 0, 0)
    assert column(run, "outcome", "count", "tracked", "invalid", "site") == [("ok", 30, 30, 0, "gra")]
    assert shown(lab)["of-this-test"] == 10


def shown(lab: RunningLab) -> dict[str, int]:
    """Events of the category upload by action, as Matomo's report has them."""
    asked = {
        **{"module": "API", "format": "JSON", "method": "Events.getCategory", "idSite": "1", "expanded": "1"},
        **{"period": "day", "date": "today", "secondaryDimension": "eventAction"},
        "token_auth": lab.access("matomo.token"),
    }
    report: Sequence[dict[str, Any]] = lab.tools("POST", "/index.php", "matomo", data=asked).json()
    (upload,) = [each for each in report if each["label"] == "upload"]
    return {each["label"]: each["nb_events"] for each in upload["subtable"]}
