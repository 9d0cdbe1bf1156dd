"""Uploads and tokens written by hand, independent of the load generator."""

from __future__ import annotations

import copy
import time
from typing import Any

import jwt

KEY = "k" * 64

_HEART_RATE = {
    "resourceType": "Observation",
    "status": "final",
    "meta": {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]},
    "identifier": [{"system": "urn:zweitherz:seq", "value": "1"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": "Patient/p-000007"},
    "effectiveDateTime": "2026-11-23T12:00:00Z",
    "valueQuantity": {"value": 71, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
}


def pressure(systolic: float, diastolic: float) -> dict[str, Any]:
    """The code and components of a blood pressure panel."""

    def part(code: str, value: float) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
        }

    return {
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [part("8480-6", systolic), part("8462-4", diastolic)],
    }


def bundle(key: str = "t-1", patient: str = "p-000007", seq: int = 1, **changes: Any) -> dict[str, Any]:
    """A Bundle with one heart rate; `changes` replace parts of the Observation."""
    resource = copy.deepcopy(_HEART_RATE)
    resource["subject"] = {"reference": f"Patient/{patient}"}
    resource["identifier"] = [{"system": "urn:zweitherz:seq", "value": str(seq)}]
    if "component" in changes:
        del resource["valueQuantity"]
    resource.update(changes)
    request = {"method": "POST", "url": "Observation", "ifNoneExist": f"identifier=urn:zweitherz:upload|{key}.0"}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "identifier": {"system": "urn:zweitherz:upload", "value": key},
        "entry": [{"resource": resource, "request": request}],
    }


def token(key: str = KEY, subject: str = "p-000007", **changes: Any) -> str:
    """A bearer token; `changes` replace claims."""
    claims = {
        "sub": subject,
        "scope": "patient/*.write patient/*.read",
        "aud": "vitals",
        "exp": int(time.time()) + 600,
    }
    return jwt.encode(claims | changes, key, algorithm="HS256")
