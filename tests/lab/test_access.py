from __future__ import annotations

import time

import pytest

from lab.vitals.access import caller
from lab.vitals.outcome import Refusal
from tests.lab.upload import KEY, token


def test_a_valid_token_names_its_patient_and_scopes() -> None:
    who = caller(b"Bearer " + token().encode(), KEY)
    assert who.subject == "p-000007"
    who.must_be("p-000007", "patient/*.write")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        b"",
        b"Bearer ",
        b"Basic abc",
        b"Bearer not.a.token",
        b"Bearer " + token("x" * 64).encode(),
        b"Bearer " + token(exp=int(time.time()) - 5).encode(),
        b"Bearer " + token(aud="other").encode(),
    ],
)
def test_without_a_valid_token_nobody_gets_in(authorization: bytes | None) -> None:
    with pytest.raises(Refusal) as refusal:
        caller(authorization, KEY)
    assert refusal.value.status == 401


def test_a_patient_reaches_neither_another_patient_nor_the_whole_store() -> None:
    who = caller(b"Bearer " + token().encode(), KEY)
    for attempt in (lambda: who.must_be("p-000008", "patient/*.write"), who.must_audit):
        with pytest.raises(Refusal) as refusal:
            attempt()
        assert refusal.value.status == 403
