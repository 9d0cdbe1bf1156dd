"""Locust as its users know it, against a real lab: ``-u``, ``--processes``, ``--csv``, the history of every worker."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from results.history import compact
from results.timeline import read
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab
HOME = Path(__file__).resolve().parent.parent.parent
USERS = 12_000  # a tenth of the default population: a tenth of its rate


def locust(lab: RunningLab, folder: Path, *more: str, users: int = USERS) -> Path:
    """Run Locust headless for a few seconds; returns the run folder."""
    run = folder / f"run-{folder.name}"  # the name marks the keys: one lab serves several of these tests
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(HOME / "loadtests/locustfile.py"), "--headless"),
            *(
                "--target",
                str(lab.up.target),
                "--run",
                str(run),
                "--csv",
                str(folder / "out"),
                "--html",
                str(folder / "out.html"),
            ),
            *("-u", str(users), "-r", str(users), "-t", "6s", *more),
        ],
        capture_output=True,
        text=True,
        cwd=HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": str(folder / "results")},
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (folder / "locust.log").write_text(done.stdout + done.stderr)
    compact(run)
    return run


def ask(run: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over the history (as `rows`)."""
    with duckdb.connect() as db:
        db.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet('{run}/history/*.parquet')")
        return db.execute(query).fetchall()


@pytest.mark.parametrize("processes", [1, 2])
def test_users_are_patients_and_percentiles_agree_with_the_history(
    lab: RunningLab, tmp_path: Path, processes: int
) -> None:
    run = locust(lab, tmp_path, *(("--processes", "2") if processes == 2 else ()))
    total, failed, workers = ask(
        run, "SELECT count(*), count(*) FILTER (outcome = 'fail'), count(DISTINCT worker) FROM rows"
    )[0]
    assert total > 100
    assert (failed, workers) == (0, processes)
    shared = "SELECT max(n) FROM (SELECT count(DISTINCT worker) AS n FROM rows GROUP BY patient)"
    assert ask(run, shared) == [(1,)], "a patient belongs to one worker"

    accounts = [event.data for part in (run / "timeline").iterdir() for event in read(part) if event.kind == "usage"]
    ended = ask(run, "SELECT count(*) FROM rows WHERE t_done IS NOT NULL")[0][0]
    assert (len(accounts), sum(each["noted"] for each in accounts)) == (processes, ended), "one event an attempt"
    assert all(each["acknowledged"] == each["noted"] for each in accounts), "Matomo has all of them"

    printed = [line.split()[1] for line in (tmp_path / "locust.log").read_text().splitlines() if "Aggregated" in line]
    assert int(printed[-2]) == ask(run, "SELECT count(*) FROM rows WHERE outcome = 'ok'")[0][0]
    history = csv.DictReader((tmp_path / "out_stats_history.csv").open())
    assert max(int(row["User Count"]) for row in history) == USERS
    # the CSV is written now and then, so what was acknowledged at the end may be missing: of those that it counted, its
    # percentile lies between close ones of ours
    (shown,) = [row for row in csv.DictReader((tmp_path / "out_stats.csv").open()) if row["Name"] == "Aggregated"]
    for q in (0.5, 0.95):
        bounds = f"[{q - 0.06}, {min(1, q + 0.06)}]"
        counted = f"(SELECT * FROM rows WHERE outcome = 'ok' ORDER BY t_done LIMIT {int(shown['Request Count'])})"
        around = f"SELECT quantile_disc((t_done - t_intended) / 1e6, {bounds}) FROM {counted}"
        low, high = ask(run, around)[0][0]
        assert 0.99 * low - 1 <= float(shown[f"{q:.0%}"]) <= 1.01 * high + 1
    live = json.loads((run / "live/loadtests.json").read_text())
    assert live["users"] == USERS
    assert (tmp_path / "out.html").read_text().count("/fhir upload") >= 1


@pytest.mark.parametrize("engine", ["gevent", "rust"])
def test_the_other_engines_do_the_same(lab: RunningLab, tmp_path: Path, engine: str) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        f"schema: zweitherz/plan/1\ndrill: fallback\npopulation: {{patients: 500}}\nload: {{rate: 25, engine: {engine}}}\n"
    )
    run = locust(lab, tmp_path, "--plan", str(plan), users=500)
    counted = dict(ask(run, "SELECT CAST(outcome AS VARCHAR), count(*) FROM rows GROUP BY 1"))
    assert counted["ok"] > 50
    assert set(counted) <= {"ok", "info", "unsent"}, "at the end some may be under way"
    assert any((run / "lookups").iterdir())


def test_on_locusts_page_users_come_and_go_as_patients(lab: RunningLab, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    page = f"http://127.0.0.1:{port}"
    with (tmp_path / "locust.log").open("wb") as log:
        locust = subprocess.Popen(
            [
                *(sys.executable, "-m", "locust", "-f", str(HOME / "loadtests/locustfile.py")),
                *("--web-host", "127.0.0.1", "--web-port", str(port)),
                *("--target", str(lab.up.target), "--run", str(tmp_path / f"run-{tmp_path.name}")),
            ],
            stdout=log,
            stderr=log,
            cwd=HOME,
        )

    def shown() -> dict[str, Any]:
        try:
            answer: dict[str, Any] = requests.get(f"{page}/stats/requests", timeout=5).json()
        except requests.RequestException:
            return {}
        return answer

    def swarm(users: int) -> None:
        requests.post(f"{page}/swarm", data={"user_count": users, "spawn_rate": users}, timeout=20).raise_for_status()

    try:
        eventually(shown)
        swarm(12_000)
        eventually(lambda: shown()["user_count"] == 12_000 and shown()["total_rps"] > 0)
        swarm(6_000)
        eventually(lambda: shown()["user_count"] == 6_000)
        requests.post(f"{page}/stop", timeout=30).raise_for_status()
        eventually(lambda: shown()["state"] == "stopped")
        assert shown()["stats"][0]["num_failures"] == 0
    finally:
        locust.terminate()
        locust.wait(30)


def test_a_load_test_lasts_as_long_as_was_asked_though_it_took_longer_to_be_made(
    lab: RunningLab, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time\nend = time.perf_counter() + 5\nwhile time.perf_counter() < end:\n    pass\n")
    run = locust(lab, tmp_path, "-f", f"{slow},{HOME / 'loadtests/locustfile.py'}", "-t", "4s")
    assert ask(run, "SELECT count(*) FROM rows WHERE outcome = 'ok'")[0][0] > 50, "some 130 were due"


def test_a_missing_target_is_refused_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(HOME / "loadtests/locustfile.py"), "--headless", "-u", "1"),
            *("--target", str(tmp_path / "none.yaml")),
        ],
        capture_output=True,
        text=True,
        cwd=HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": str(tmp_path / "results")},
        timeout=60,
        check=False,
    )
    assert done.returncode == 64
    assert "none.yaml: No such file or directory" in done.stderr
