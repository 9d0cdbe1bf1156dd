"""The exporter process and Locust's end of its pipe: figures arrive, and nothing of it can hold a load test up."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests

from loadtests.exporter import main
from loadtests.exporting import Exporting, Showing, showing
from loadtests.frame import Frame
from targets.model import Endpoint, Target
from tests.lab.running import eventually
from tests.targets.target import description


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def shown(port: int) -> str:
    try:
        return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    except requests.ConnectionError:
        return ""


def test_frames_are_shown_until_locust_ends() -> None:
    port = free_port()
    exporting = Exporting(Showing("127.0.0.1", port, ("fra",)), [])
    try:
        exporting.tell("worker 1", Frame(intended=2, served=Counter(fra=1)))
        exporting.tell("worker 2", Frame(intended=3))
        eventually(lambda: "loadtests_readings_due_total 5.0" in shown(port))
        assert os.getpriority(os.PRIO_PROCESS, exporting._process.pid) >= 10, "it gives way to the sender"
    finally:
        exporting.close()
    assert shown(port) == "", "it does not outlive its Locust"


def test_an_exporter_whose_locust_ends_at_once_ends_as_well() -> None:
    assert main([]) == 0


def test_an_exporter_that_cannot_serve_is_told_of_once_and_harms_nothing(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken, caplog.at_level(logging.WARNING, "fleet"):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        exporting = Exporting(Showing("127.0.0.1", port, ("fra",)), [])

        def told() -> bool:
            exporting.tell("a", Frame())
            return bool(caplog.records)

        eventually(told)
        exporting.tell("a", Frame())
        exporting.close()
    assert [record.message for record in caplog.records] == [
        "the exporter has ended: Prometheus sees no more figures of this load test"
    ]
    assert capfd.readouterr().err == f"exporter: port {port} of 127.0.0.1: Address already in use\n"


def test_an_exporter_that_takes_nothing_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    """A pipe that is full never makes Locust wait: what is too much is given up, and said."""
    asleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    exporting = Exporting(Showing("127.0.0.1", 0, ("fra",)), asleep)
    large = Frame(failed=Counter({f"error-{number}": 1 for number in range(3000)}))
    with caplog.at_level(logging.WARNING, "fleet"):
        for _ in range(100):  # one that waited would never come to the end
            exporting.tell("a", large)
    assert [record.message for record in caplog.records if "has not taken" in record.message]
    exporting._process.kill()  # else closing it would wait for it
    exporting.close()


@pytest.fixture
def target() -> Target:
    return Target.model_validate(description())


def test_figures_are_shown_where_the_target_wants_them_or_on_a_port_of_the_loopback(target: Target) -> None:
    assert showing(target, None) is None, "this target wants them nowhere"
    found = showing(target, 9600)
    assert found is not None
    assert (found[0].address, found[0].port, found[0].pem, found[1]) == ("127.0.0.1", 9600, None, [])
    at = Endpoint(name="loadtests", address="198.18.1.2", port=9600)
    unprotected = target.model_copy(update={"loadtests": at})
    assert showing(unprotected, None) is None, "without a certificate of the house: not to everybody"
    tools = {"record": "tools.heart.test", "active": "gra", "ca_file": "ca.pem", "private_pem": "private.pem"}
    whole = description(tools=tools, loadtests=at.model_dump(), vantage={"patients": ["nsenter"]})
    wanted = showing(Target.model_validate(whole), None)
    assert wanted == (Showing(at.address, at.port, ("fra", "gra"), Path("private.pem"), Path("ca.pem")), ["nsenter"])


def test_an_order_to_the_exporter_survives_its_line() -> None:
    order = Showing("198.18.1.2", 9600, ("fra", "gra"), Path("a.pem"), Path("ca.pem"))
    assert Showing.from_json(order.to_json()) == order
    plain = Showing("127.0.0.1", 9600, ("fra",))
    assert Showing.from_json(plain.to_json()) == plain
