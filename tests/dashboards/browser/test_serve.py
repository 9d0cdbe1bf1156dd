"""The server: where it listens, what it refuses, how it ends."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
import requests

from dashboards.browser.serve import BAD_INPUT, CannotListen, listen, serve
from tests.dashboards.browser.samples import Drill
from tests.dashboards.browser.server import Served


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_while_a_page_follows_a_drill(home: Path, number: signal.Signals) -> None:
    Drill(home).upload()
    served = Served(home)
    with requests.get(f"{served.url}live/events", stream=True, timeout=20) as events:
        lines = events.iter_lines(decode_unicode=True)
        assert next(lines) == "event: scene"
        assert served.end(number) == 0
        assert any("the results browser has ended" in line for line in lines)


def test_a_taken_port_is_one_clear_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        # even one that would share its port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve(home, "127.0.0.1", port) == BAD_INPUT
    said = capsys.readouterr().err.splitlines()
    assert said == [f"zweitherz: serve: port {port} of 127.0.0.1: Address already in use; choose another with --port"]


def test_a_host_that_is_none_is_one_clear_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(home, "no such host", 0) == BAD_INPUT
    assert capsys.readouterr().err.startswith("zweitherz: serve: --host 'no such host': ")
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_others_are_let_in_on_order_only_and_with_a_warning(home: Path) -> None:
    served = Served(home, "--host", "0.0.0.0", "--allow-host", "Results.Heart.Test:80")  # noqa: S104 - on purpose
    try:
        url = served.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        assert requests.get(url, timeout=20).status_code == 200
        asked = {"results.heart.test": 200, "results.heart.test:8480": 200, "evil.test": 421}
        for host, status in asked.items():
            assert requests.get(url, headers={"Host": host}, timeout=20).status_code == status
    finally:
        assert served.end() == 0
    assert "warning: 0.0.0.0 can be reached by others" in served.complaints()


def test_on_the_loopback_there_is_no_warning(home: Path) -> None:
    served = Served(home)
    assert requests.get(f"{served.url}nothing", timeout=20).status_code == 404
    assert served.end() == 0
    assert served.complaints() == ""
