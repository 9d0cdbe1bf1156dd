"""Definitions 5.2, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from loadtests.attempt import Attempt, Result
from loadtests.outcome import judge

ATTEMPT = Attempt(1, None, "near", "honest", "fresh", 7, b"")
GOOD = {"upload-ack": "5", "upload-digest": "ab"}


@pytest.mark.parametrize(
    ("result", "outcome", "again"),
    [
        ({"status": 201, "headers": GOOD}, "ok", False),
        ({"status": 200, "headers": GOOD | {"upload-replayed": "true"}}, "ok", False),
        ({"status": 201, "headers": {}}, "info", True),
        ({"status": 201, "headers": GOOD | {"upload-digest": "cd"}}, "info", True),
        ({"status": 201, "headers": GOOD | {"upload-ack": "soon"}}, "info", True),
        *(({"status": status}, "fail", False) for status in (400, 401, 403, 404, 413, 415, 422)),
        ({"status": 429}, "fail", True),
        *(({"status": status}, "info", True) for status in (408, 409, 425, 500, 502, 503, 504)),
        *(({"error": error}, "fail", True) for error in ("dns", "refused", "connect-timeout", "tls", "unreachable")),
        *(({"error": error, "t_sent": 1}, "info", True) for error in ("reset", "timeout", "eof", "protocol")),
    ],
)
def test_the_end_of_an_attempt_means(result: dict[str, Any], outcome: str, again: bool) -> None:
    judged = judge(Result(ATTEMPT, **result), "ab")
    assert (judged.outcome, judged.again) == (outcome, again)
