"""The commands of the reference system's target file: the real scripts, by way of the drill's own driver, with a stand-in for
kubectl that writes down what it is told. The SQL that they reach in the pods is tried by test_two_sites.py on real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.drivers.commands import CommandDriver, CommandFailed
from tests.deploy.kubernetes.operators import orders


def test_a_whole_takeover_stands_in_the_journal(
    driver: CommandDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZWEITHERZ_DNS_COMMAND", "dns")
    assert driver.takeover_steps() == []
    for step in ("detect", "fence", "promote", "dns", "declare"):
        driver.perform("gra", step)
    steps = driver.takeover_steps()
    assert [(each["step"], each["state"]) for each in steps] == [
        (step, state) for step in ("detect", "fence", "promote", "dns", "declare") for state in ("begin", "end")
    ]
    assert {(each["cluster"], each["site"], each["procedure"]) for each in steps} == {("main", "gra", "takeover")}
    assert [each["t_monotonic_ns"] for each in steps] == sorted(each["t_monotonic_ns"] for each in steps)
    assert orders(tmp_path) == [
        "fra --request-timeout 5s get deployment vitals --output jsonpath={.status.readyReplicas}",
        "fra --request-timeout 45s scale statefulset/postgres --replicas 0",
        "fra --request-timeout 45s wait --for delete pod/postgres-0 --timeout 40s",
        "gra --request-timeout 45s exec postgres-0 --container postgres -- sh /conf/promote.sh",
        "dns vitals.heart.test gra",
        "gra --request-timeout 45s rollout status deployment/vitals --timeout 40s",
    ]


@pytest.mark.parametrize(
    ("step", "given", "why"),
    [
        ("detect", {"READY": "2"}, "2 servers of fra are ready"),
        ("fence", {"SCALE": "1"}, "the database of fra may still write"),
        ("dns", {}, "no ZWEITHERZ_DNS_COMMAND"),
    ],
)
def test_a_step_that_fails_says_why_here_and_in_the_journal(
    driver: CommandDriver, monkeypatch: pytest.MonkeyPatch, step: str, given: dict[str, str], why: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CommandFailed, match=why):
        driver.perform("gra", step)
    assert [(each["state"], each.get("why")) for each in driver.takeover_steps()] == [("begin", None), ("failed", why)]


def test_a_cluster_that_does_not_answer_is_lost(driver: CommandDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILENT", "yes")
    driver.perform("gra", "detect")
    assert driver.takeover_steps()[-1]["state"] == "end"


@pytest.mark.parametrize(("said", "expected"), [("mirrored", True), ("not mirrored", False)])
def test_mirrored_asks_the_other_site(
    driver: CommandDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: bool
) -> None:
    monkeypatch.setenv("SAID", said)
    assert driver.mirrored("fra") is expected
    assert [order.split()[0] for order in orders(tmp_path)] == ["gra"]


@pytest.mark.parametrize("given", [{"SAID": "follows"}, {"EXIT": "1"}])
def test_what_nobody_could_say_is_no_answer(
    driver: CommandDriver, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CommandFailed, match="the database of gra does not say"):
        driver.mirrored("fra")


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the database has them: what is written in its pod is written here."""
    folder = tmp_path / "data" / "base"
    folder.mkdir(parents=True)
    monkeypatch.setenv("PGDATA", str(folder.parent))
    return folder


def test_a_volume_that_takes_a_few_blocks_is_left_as_it_was(
    driver: CommandDriver, tables: Path, tmp_path: Path
) -> None:
    assert driver.volume_writable("gra") is True
    assert list(tables.iterdir()) == []
    assert orders(tmp_path)[0].startswith("gra --request-timeout 20s exec postgres-0 --container postgres -- sh -c")


def test_a_volume_without_space_says_so(driver: CommandDriver, tables: Path) -> None:
    (tables / "zweitherz-probe").symlink_to("/dev/full")
    assert driver.volume_writable("gra") is False


def test_what_fails_for_another_reason_is_no_answer(driver: CommandDriver, tables: Path) -> None:
    (tables / "zweitherz-probe").mkdir()
    with pytest.raises(CommandFailed, match="the database of gra does not say whether its volume takes anything"):
        driver.volume_writable("gra")


def test_a_pod_that_is_not_reached_is_no_answer_either(driver: CommandDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGDATA", raising=False)
    with pytest.raises(CommandFailed, match="the database of fra does not say"):
        driver.volume_writable("fra")


def rejoined(driver: CommandDriver, tmp_path: Path) -> list[str]:
    driver.rejoin("fra")
    return [order.replace("--request-timeout 25s ", "").split(" --timeout")[0] for order in orders(tmp_path)]


ASKED = [
    "fra scale statefulset/postgres --replicas 1",
    "gra exec postgres-0 --container postgres -- sh /conf/mirrored.sh",
]
WAITED = "exec postgres-0 --container postgres -- sh /conf/synchronous.sh 10"


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("mirrored", []),
        (
            "not mirrored",
            [
                "fra delete pod postgres-0 --ignore-not-found",
                "fra rollout status statefulset/postgres",
                f"gra {WAITED}",
            ],
        ),
        ("follows", ["fra rollout status statefulset/postgres", f"fra {WAITED}"]),
    ],
)
def test_a_site_rejoins_whoever_writes(
    driver: CommandDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, then: list[str]
) -> None:
    monkeypatch.setenv("SAID", said)
    assert rejoined(driver, tmp_path) == [*ASKED, *then]


def test_no_site_rejoins_whom_nobody_knows(
    driver: CommandDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXIT", "1")
    with pytest.raises(CommandFailed, match="does not say whether it was promoted"):
        driver.rejoin("fra")
    assert "delete" not in " ".join(orders(tmp_path))
