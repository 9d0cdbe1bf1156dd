"""Reading a tool: what cannot be read is told in one line, and never with a token in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitors.place import Place
from monitors.source import Reports, Source, Unreadable, address, answered, time_of, word
from targets.model import NoSecret, Secret
from targets.read import BadTarget
from tests.monitors.conftest import TOKEN, Server, tools


def source(place: Place, server: Server) -> Source:
    return Source(place, tools(place), f"{server.url}/base/", {"Authorization": f"Bearer {TOKEN}"})


def test_the_path_of_the_url_comes_first_and_every_request_has_the_headers(place: Place, server: Server) -> None:
    server.body = b'{"a": 1}'
    page = source(place, server).get("/api", {"q": "x y"})
    assert page.content == {"a": 1}
    ((_, path, headers, _),) = server.asked
    assert (path, headers["Authorization"]) == ("/base/api?q=x+y", f"Bearer {TOKEN}")


def test_pages_are_followed_on_the_targets_own_host(place: Place, server: Server) -> None:
    server.headers = {"Link": '<https://evil.test/x?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"'}
    pages = source(place, server).pages("/api", {"per_page": "100"})
    next(pages)
    server.headers = {
        "Link": '<https://a/?cursor=1>; rel="previous"; results="true"; cursor="1", '
        '<https://a/?cursor=3>; rel="next"; results="false"; cursor="3"'
    }
    assert len(list(pages)) == 1
    assert [path for _, path, _, _ in server.asked] == ["/base/api?per_page=100", "/base/api?cursor=0:100:0"]


def test_pages_without_end_are_left_at_some_time(place: Place, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.headers = {"Link": '<https://a/?cursor=2>; rel="next"; results="true"'}
    assert len(list(source(place, server).pages("/api", {}))) == 50
    monkeypatch.setattr("monitors.source._PAGES_S", 0.0)
    assert len(list(source(place, server).pages("/api", {}))) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"{}", "status 500"),
        (401, b"{}", "status 401"),
        (200, b"<html>", "answer: no JSON"),
        (204, b"", "status 204"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    place: Place, server: Server, status: int, body: bytes, said: str
) -> None:
    server.status, server.body = status, body
    with pytest.raises(Unreadable, match=f"^{said}$") as raised:
        source(place, server).get("/api")
    assert raised.value.status == status


def test_deeply_nested_json_is_no_traceback(place: Place, server: Server) -> None:
    server.body = b"[" * 200_000
    with pytest.raises(Unreadable, match="no JSON"):
        source(place, server).get("/api")


def test_matomos_errors_come_with_200_and_its_token_goes_in_the_body_alone(place: Place, server: Server) -> None:
    server.body = f'{{"result": "error", "message": "no access with\\n{TOKEN}"}}'.encode()
    matomo = tools(place).matomo
    assert matomo is not None
    with pytest.raises(Unreadable, match=r"^Live.getCounters: no access with \[hidden\]$"):
        Reports(place, tools(place), matomo).call("Live.getCounters", lastMinutes="1")
    ((method, path, headers, body),) = server.asked
    assert (method, path) == ("POST", "/matomo/index.php")
    assert TOKEN not in str(headers)
    assert f"token_auth={TOKEN}" in body.decode()
    assert "idSite=1" in body.decode()


@pytest.mark.parametrize("url", ["http://sentry.test", "sentry.test", "https://", "https://ä.test", "https://a/?b=c"])
def test_a_url_that_is_none_is_refused(place: Place, url: str) -> None:
    with pytest.raises(BadTarget, match="expected https://"):
        address(url, tools(place))


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "tökn"])
def test_a_token_that_is_none_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ZWEITHERZ_TEST_TOKEN", value)
    with pytest.raises(NoSecret, match="environment variable ZWEITHERZ_TEST_TOKEN") as raised:
        word(Secret(env="ZWEITHERZ_TEST_TOKEN"))
    assert value not in str(raised.value)


def test_the_servers_clock_is_its_date_header(place: Place, server: Server) -> None:
    page = source(place, server).get("/")
    assert abs((time_of(page) - datetime.now(UTC)).total_seconds()) < 5
    assert time_of(type(page)(None, {"date": "Thu, 01 Jan 1970 00:00:07 GMT"})).timestamp() == 7
    for headers in ({}, {"date": "yesterday"}):
        with pytest.raises(Unreadable, match="no Date"):
            time_of(type(page)(None, headers))


@pytest.mark.parametrize(
    "content", [[], None, {"status": "error"}, {"status": "success"}, {"status": "success", "data": []}]
)
def test_what_is_no_answer_of_prometheus_is_unreadable(content: object) -> None:
    with pytest.raises(Unreadable, match="not as Prometheus"):
        answered(content)
