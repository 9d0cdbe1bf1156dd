from __future__ import annotations

import json
from typing import Any

import pytest

from lab.vitals.bundle import read_upload
from lab.vitals.outcome import Refusal
from tests.lab.upload import bundle, pressure


def read(whole: Any, key: str | None = None) -> Any:
    return read_upload(whole if isinstance(whole, bytes) else json.dumps(whole).encode(), key)


def test_an_upload_is_read_with_its_key_patient_and_sequence() -> None:
    upload = read(bundle("t-9", "p-000123", 4), "t-9")
    assert (upload.key, upload.patient, upload.seq, upload.entries) == ("t-9", "p-000123", 4, 1)


@pytest.mark.parametrize(
    ("code", "unit", "value"),
    [("8867-4", "/min", 64), ("59408-5", "%", 97), ("29463-7", "kg", 81.5), ("55423-8", "{steps}", 4200)],
)
def test_each_signal_is_taken_with_its_own_unit(code: str, unit: str, value: float) -> None:
    quantity = {"value": value, "system": "http://unitsofmeasure.org", "code": unit}
    coding = {"coding": [{"system": "http://loinc.org", "code": code}]}
    assert read(bundle(code=coding, valueQuantity=quantity)).seq == 1
    with pytest.raises(Refusal, match="unit must be UCUM"):
        read(bundle(code=coding, valueQuantity=quantity | {"code": "furlong"}))


def test_a_blood_pressure_panel_needs_both_its_components() -> None:
    assert read(bundle(**pressure(128, 81))).patient == "p-000007"
    half = pressure(128, 81)
    del half["component"][1]
    with pytest.raises(Refusal, match="8480-6, 8462-4"):
        read(bundle(**half))


@pytest.mark.parametrize(
    ("status", "whole"),
    [
        (400, b"{"),
        (400, b"\xff\xfe"),
        (400, b"[" * 100_000),
        (422, b"[]"),
        (422, {"resourceType": "Patient"}),
        (422, bundle() | {"type": "batch"}),
        (422, bundle() | {"entry": []}),
        (422, bundle() | {"entry": bundle()["entry"] * 17}),
        (422, bundle() | {"identifier": {"system": "urn:other", "value": "x"}}),
        (422, bundle("k" * 65)),
        (422, bundle(status="unknown")),
        (422, bundle(subject={"reference": "Patient/Erika"})),
        (422, bundle(effectiveDateTime="yesterday")),
        (422, bundle(effectiveDateTime="2026-11-23T12:00:00")),
        (422, bundle(valueQuantity={"value": 9000, "system": "http://unitsofmeasure.org", "code": "/min"})),
        (422, bundle(valueQuantity={"value": True, "system": "http://unitsofmeasure.org", "code": "/min"})),
        (422, bundle(code={"coding": [{"system": "http://loinc.org", "code": "2339-0"}]})),
        (422, bundle(identifier=[])),
        (422, bundle() | {"entry": bundle()["entry"] + bundle(patient="p-000008")["entry"]}),
    ],
)
def test_what_is_not_taken_is_refused_with_its_status(status: int, whole: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        read(whole)
    assert refusal.value.status == status
    assert json.loads(refusal.value.body())["resourceType"] == "OperationOutcome"


def test_header_and_bundle_must_name_the_same_key() -> None:
    with pytest.raises(Refusal, match="differ"):
        read(bundle("t-1"), "t-2")
