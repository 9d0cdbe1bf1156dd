"""Planted values are found however they are wrapped, by Python and by DuckDB alike; what only looks like one is not."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import duckdb
import jwt
import pytest

from results.canaries import any_of, display_name, find
from results.identity import idempotency_key, operation, patient_name

TAG = "7f3a0c1d"
NAME = display_name(TAG, 7)
TOKEN = jwt.encode({"sub": "p-000007", "aud": "vitals"}, "k" * 64, algorithm="HS256")
KEY = idempotency_key(TAG, operation(7, 1))


@pytest.mark.parametrize(
    ("text", "canary"),
    [
        (f"no chart for {NAME}", "name"),
        (quote(f"e_n={NAME}"), "name"),
        (quote_plus(f"e_n={NAME}"), "name"),
        (json.dumps({"inner": json.dumps({"name": NAME})}), "name"),
        (display_name("0" * 8, 7), "name"),  # whoever's tag: monitors have their own
        *((base64.b64encode(f"{before}{NAME}!".encode()).decode(), "name") for before in ("", "x", "xy", "xyz")),
        (f"GET /fhir/Observation?patient={patient_name(7)}&_count=1", "patient"),
        ('{"patient":"p-2147000001"}', "patient"),
        (json.dumps("first\np-000007"), "patient"),
        ("q=patient%3Dp-000007", "patient"),
        ("q=p%2D000007", "patient"),
        (f"Authorization: Bearer {TOKEN}", "token"),
        (TOKEN.split(".")[1], "token"),
        (f"upload {KEY} stored twice", "key"),
    ],
)
def test_a_canary_is_found(text: str, canary: str) -> None:
    found = find(text, TAG)
    assert found is not None
    assert found.name == canary
    assert len(found.masked) <= 7, "the value itself is never shown"
    ((by_duckdb,),) = duckdb.execute(
        "SELECT regexp_matches($1, $2) OR regexp_matches(url_decode($1), $2)", [text, any_of(TAG)]
    ).fetchall()
    assert by_duckdb is True


@pytest.mark.parametrize(
    "text",
    [
        "tmp-000007",
        "p-12345",
        "p-12345678901",
        "Kanari",
        "canary 1",
        "eyJhbGciOiJIUzI1NiJ9",
        f"{TAG}-12",
        f"run tag {TAG}",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "50 % of 100%",
        "results/runs/2026-11-23T16-30-00Z_site-loss_7f3a",
    ],
)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert find(text, TAG) is None
    ((by_duckdb,),) = duckdb.execute("SELECT regexp_matches($1, $2)", [text, any_of(TAG)]).fetchall()
    assert by_duckdb is False


def test_what_stands_before_a_patient_is_not_shown_as_its_value() -> None:
    found = find(json.dumps("x\np-000007"), TAG)
    assert found is not None
    assert found.masked == "p-0000…"
