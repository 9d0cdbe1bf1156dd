"""The private link as the reference system's programs measure it: over real links of the lab, over a real socket, and what they
say where nobody measured anything."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.drivers.commands import CommandDriver, CommandFailed
from tests.deploy.kubernetes.manifests import FOLDER
from tests.deploy.kubernetes.namespaces import facts_of
from tests.deploy.kubernetes.operators import orders


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return facts_of("lossy_link", tmp_path_factory.mktemp("link"))


@pytest.mark.lab
def test_a_sound_link_loses_nothing_before_and_after(facts: dict[str, Any]) -> None:
    for trip, lost in (facts["sound"], facts["mended"]):
        assert 2 <= float(trip) < 20, "1 ms each way"
        assert float(lost) == 0


@pytest.mark.lab
def test_a_slow_link_is_slow_and_loses_nothing(facts: dict[str, Any]) -> None:
    trip, lost = facts["slow"]
    assert 78 <= float(trip) < 120, "40 ms each way"
    assert float(lost) == 0


@pytest.mark.lab
def test_an_answer_that_comes_as_late_as_one_that_was_sent_again_is_taken_for_one(facts: dict[str, Any]) -> None:
    """950 ms, too soon for this side to have sent anything again: the other one may have."""
    assert facts["late"] == "1.0000"


@pytest.mark.lab
@pytest.mark.parametrize(("way", "share"), [("there", 0.2), ("back", 0.2), ("both", 1 - 0.8**2)])
def test_what_is_lost_on_either_way_is_counted_once(facts: dict[str, Any], way: str, share: float) -> None:
    # 400 round trips: six standard deviations of a share p are 6 * sqrt(p (1 - p) / 400)
    assert abs(float(facts[way]) - share) < 6 * (share * (1 - share) / 400) ** 0.5


@pytest.mark.lab
def test_of_a_link_that_is_cut_nothing_comes_back(facts: dict[str, Any]) -> None:
    assert facts["cut"] == ["nothing", "1.0000"]


@pytest.mark.lab
def test_a_refusal_is_no_round_trip_and_no_loss(facts: dict[str, Any]) -> None:
    assert facts["refused"] == ["nothing", "link: refused: this is no loss on the way"]


# by way of the driver


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where the other site's would be: nobody takes the connections, the kernel does."""
    with socket.create_server(("127.0.0.1", 0), backlog=120) as listener:
        monkeypatch.setenv("PEER", f"host=127.0.0.1 port={listener.getsockname()[1]}")
        yield listener


def test_the_driver_measures_from_pod_to_pod(driver: CommandDriver, database: socket.socket, tmp_path: Path) -> None:
    trip = driver.private_round_trip_ms()
    assert trip is not None
    assert 0 < trip < 100
    assert driver.private_loss(20) == 0
    assert orders(tmp_path) == [
        "gra --request-timeout 20s exec postgres-0 --container postgres -- perl /conf/link.pl round_trip",
        "gra --request-timeout 50s exec postgres-0 --container postgres -- perl /conf/link.pl loss 20",
    ]


def test_none_that_comes_back_is_none(
    driver: CommandDriver, database: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.close()
    monkeypatch.setenv("POD", "True")
    assert driver.private_round_trip_ms() is None


@pytest.mark.parametrize("pod", ["False", ""])
def test_a_database_that_is_not_there_says_nothing_of_the_link(
    driver: CommandDriver, database: socket.socket, monkeypatch: pytest.MonkeyPatch, pod: str
) -> None:
    database.close()
    monkeypatch.setenv("POD", pod)
    with pytest.raises(CommandFailed, match=r"exit code 2 .*the database of fra is not ready"):
        driver.private_round_trip_ms()
    with pytest.raises(CommandFailed, match=r"exit code 2 .*does not say how much is lost"):
        driver.private_loss(20)


def test_what_nobody_measured_is_no_answer(driver: CommandDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER", "host=no.such.name.invalid port=1")
    with pytest.raises(CommandFailed, match="the database of gra does not say how long"):
        driver.private_round_trip_ms()
    with pytest.raises(CommandFailed, match="does not say how much is lost"):
        driver.private_loss(1)


@pytest.mark.parametrize(
    "words", [(), ("--rounds",), ("--rounds", "0"), ("--rounds", "3001"), ("--rounds", "99999"), ("--round", "5")]
)
def test_rounds_that_are_not_understood_are_refused(words: tuple[str, ...]) -> None:
    done = subprocess.run([FOLDER / "commands/private_loss.sh", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (64, "", 1)
    assert "allowed: --rounds N" in done.stderr
