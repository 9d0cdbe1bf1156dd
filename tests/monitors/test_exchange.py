"""One exchange: what it takes for an answer, and that no server keeps it waiting."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from lab import pki
from monitors import exchange as exchange_module
from monitors.exchange import PATIENCE_S, Address, Unanswered, exchange, verified
from monitors.place import Place
from tests.monitors.conftest import Server

BOUND_S = 20  # far below what each would take without a bound of its own, and room for a busy machine


def at(server: Server, ca: Path) -> Address:
    return Address("127.0.0.1", int(server.url.rpartition(":")[2]), verified(ca))


def test_an_answer_is_whole_and_the_host_named_with_its_port(place: Place, server: Server, keys: pki.Keys) -> None:
    server.status, server.body, server.headers = 418, b"short and stout", {"X-Kind": "pot"}
    answer = exchange(place, at(server, keys.ca), "POST", "/tea?x=1", {"A": "b"}, b"leaves")
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (418, b"short and stout", "pot")
    ((method, path, headers, body),) = server.asked
    assert (method, path, headers["A"], body) == ("POST", "/tea?x=1", "b", b"leaves")
    assert headers["Host"] == server.url.removeprefix("https://")


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("hang", "answer: "),
        ("drip", "answer: "),
        ("cut", "answer: cut off 8 bytes before its end"),
        ("garbage", "answer: SSH-2.0-nonsense"),
    ],
)
def test_a_strange_answer_is_none_and_comes_to_an_end(
    place: Place, server: Server, keys: pki.Keys, monkeypatch: pytest.MonkeyPatch, way: str, said: str
) -> None:
    monkeypatch.setattr(exchange_module, "ANSWER_S", 0.4)
    server.way, server.body = way, b"0123456789abcdef" * (40 if way == "drip" else 1)
    begun = time.monotonic()
    with pytest.raises(Unanswered) as raised:
        exchange(place, at(server, keys.ca), "GET", "/")
    assert str(raised.value).startswith(said)
    assert time.monotonic() - begun < BOUND_S, "a drip of 640 bytes would last 64 s"


def test_an_answer_without_end_is_none(
    place: Place, server: Server, keys: pki.Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_module, "LONGEST", 1000)
    server.body = b"x" * 1001
    with pytest.raises(Unanswered, match="answer: longer than 1000 bytes"):
        exchange(place, at(server, keys.ca), "GET", "/")


def test_a_server_of_another_authority_is_told_nothing(place: Place, server: Server, tmp_path: Path) -> None:
    other = pki.make_keys(tmp_path / "other")
    with pytest.raises(Unanswered, match=r"tls: .*CERTIFICATE_VERIFY_FAILED"):
        exchange(place, at(server, other.ca), "GET", "/", {"Authorization": "secret"})
    assert server.asked == []


def test_a_server_that_never_speaks_tls_costs_one_patience(
    place: Place, keys: pki.Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_module, "ANSWER_S", 3 * BOUND_S)  # which must not be waited for as well
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        begun = time.monotonic()
        with pytest.raises(Unanswered, match="tls: "):
            exchange(place, Address("127.0.0.1", deaf.getsockname()[1], verified(keys.ca)), "GET", "/")
    assert PATIENCE_S <= time.monotonic() - begun < BOUND_S


def test_a_certificate_file_that_is_missing_is_named(keys: pki.Keys, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"certificates of .*none.pem: No such file"):
        verified(tmp_path / "none.pem")
    with pytest.raises(OSError, match=r"none.pem"):
        verified(keys.ca, tmp_path / "none.pem")
