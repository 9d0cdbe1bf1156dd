from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.answer import Answer, BadAnswer

WHOLE = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nUpload-Ack: 7\r\n\r\nhello"


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6))
def test_an_answer_is_whole_however_it_is_cut(cuts: list[int]) -> None:
    answer, at = Answer(), 0
    for cut in [*sorted(cuts), len(WHOLE)]:
        assert not answer.whole or at == len(WHOLE)
        answer.feed(WHOLE[at:cut])
        at = cut
    assert (answer.whole, answer.status, answer.headers["upload-ack"]) == (True, 201, "7")


def test_without_a_length_it_ends_with_the_connection() -> None:
    answer = Answer()
    answer.feed(b"HTTP/1.1 200 OK\r\n\r\nsome")
    assert not answer.whole
    answer.end()
    assert answer.whole


def test_a_cut_off_body_is_not_whole() -> None:
    answer = Answer()
    answer.feed(WHOLE[:-1])
    answer.end()
    assert not answer.whole


def test_chunked_ends_with_the_empty_chunk() -> None:
    answer = Answer()
    answer.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    assert not answer.whole
    answer.feed(b"0\r\n\r\n")
    assert answer.whole


@pytest.mark.parametrize(
    "data", [b"SSH-2.0\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"x" * 40000]
)
def test_what_is_not_http_is_refused(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        Answer().feed(data)
