"""The dead man's switch: a peer that lives, one that is gone, and one that only seems to live."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from lab import pki
from monitors.look import Look
from monitors.metrics import Metrics
from monitors.peer import Peer
from monitors.place import Place
from targets.model import Endpoint
from tests.lab.running import RunningLab, eventually
from tests.monitors.conftest import Server, Ticks
from tests.monitors.test_looks import HOME


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def peer(place: Place, keys: pki.Keys, port: int, ticks: Callable[[], float]) -> Peer:
    return Peer(place, [Endpoint(name="monitors-fra", address="127.0.0.1", port=port)], keys.ca, keys.tools, ticks)


def test_it_lives_while_its_heartbeat_changes(place: Place, keys: pki.Keys, ticks: Ticks) -> None:
    metrics, port = Metrics("fra"), free_port()
    metrics.show("127.0.0.1", port, keys.tools, keys.ca)
    monitor = peer(place, keys, port, ticks)
    assert monitor.look().why == "waiting for monitors-fra", "it answers, and has not looked at anything yet"
    looks = []
    for living in (True, True, False, False, False, False, True, False):
        if living:
            metrics.looked("http", Look(ok=False, why="what it sees does not matter"))
        looks.append(monitor.look())
    assert [look.ok for look in looks] == [True, True, True, True, False, False, True, True]
    assert looks[4].why == "monitors-fra: none of its monitors looked during 3 looks"
    assert not looks[4].blind


def test_a_clock_that_was_set_back_is_life(place: Place, keys: pki.Keys, server: Server, ticks: Ticks) -> None:
    monitor = peer(place, keys, int(server.url.rpartition(":")[2]), ticks)
    for value in (100, 99, 98, 97, 96):
        server.body = f'monitor_heartbeat_seconds{{site="fra"}} {value}\n'.encode()
        assert monitor.look().ok


def test_one_that_never_came_is_waited_for_and_then_missed(place: Place, keys: pki.Keys, ticks: Ticks) -> None:
    monitor = peer(place, keys, free_port(), ticks)
    assert (monitor.look().ok, monitor.look().why) == (True, "waiting for monitors-fra")
    ticks.now += 21
    look = monitor.look()
    assert (look.ok, look.blind) == (False, False)
    assert look.why.startswith("monitors-fra: connect: ")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"", "status 500"),
        (200, b"", "answers without monitor_heartbeat_seconds"),
        (200, b'{"a": [}\n\xff', "answers without monitor_heartbeat_seconds"),
        (200, b'monitor_heartbeat_seconds{site="fra" 7\n', "answers without monitor_heartbeat_seconds"),
    ],
)
def test_one_that_was_alive_and_answers_strangely_fails_at_once(
    place: Place, keys: pki.Keys, server: Server, ticks: Ticks, status: int, body: bytes, why: str
) -> None:
    monitor = peer(place, keys, int(server.url.rpartition(":")[2]), ticks)
    metrics = Metrics("fra")
    metrics.looked("http", Look(ok=True))
    server.body = generate_latest(metrics.registry)
    assert monitor.look() == Look(ok=True)
    server.status, server.body = status, body
    assert monitor.look().why == f"monitors-fra: {why}"


def test_nobody_without_a_certificate_of_the_house_sees_anything(
    place: Place, keys: pki.Keys, tmp_path: Path, ticks: Ticks
) -> None:
    metrics, port = Metrics("fra"), free_port()
    metrics.show("127.0.0.1", port, keys.tools, keys.ca)
    stranger = pki.make_keys(tmp_path / "other")
    ends = [Endpoint(name="monitors-fra", address="127.0.0.1", port=port)]
    monitor = Peer(place, ends, keys.ca, stranger.tools, ticks)
    ticks.now += 21
    assert monitor.look().why.startswith("monitors-fra: answer: ")


@contextlib.contextmanager
def watching(lab: RunningLab, site: str, folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Monitors that stand at that site, and the file of what they say."""
    command = [sys.executable, "-m", "monitors", "--target", str(lab.up.target), "--site", site, *more]
    said = folder / f"said-{site}"
    with said.open("wb") as out:
        process = subprocess.Popen(command, cwd=HOME, stdout=out, stderr=out)
    try:
        yield process, said
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        code = process.wait(30)
    assert code == 0, said.read_text()


def test_monitors_of_two_sites_see_each_other_on_both_ways(lab: RunningLab, tmp_path: Path) -> None:
    with watching(lab, "fra", tmp_path, "--show") as (at_fra, _), watching(lab, "gra", tmp_path) as (_, said):

        def lines(start: str) -> list[str]:
            return [line for line in said.read_text().splitlines() if line.startswith(start)]

        eventually(lambda: [line for line in lines("ok    peer") if "waiting" not in line])
        eventually(lambda: lines("ok    sentry-checkins   check_in_age_s"))
        assert lines("alarm") == []
        at_fra.send_signal(signal.SIGSTOP)
        eventually(lambda: lines("alarm raised: peer monitors-fra: "))
        eventually(lambda: lines("alarm raised: sentry-checkins no check-in: fra for "))
        assert len(lines("alarm")) == 2, "nothing but the peer is missed"
        at_fra.send_signal(signal.SIGCONT)
        eventually(lambda: lines("alarm cleared: peer") and lines("alarm cleared: sentry-checkins"))
