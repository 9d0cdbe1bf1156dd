"""A test patient of the monitors: who he is, what he may, what he measures."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt

from results.canaries import display_name
from results.identity import MONITOR_PATIENTS, patient_name
from targets.model import Target

_SCOPE = "patient/*.write patient/*.read"


class TestPatient:
    """One of them; no patient's readings are his."""

    __test__ = False  # a patient, not a class of tests

    def __init__(self, target: Target, number: int) -> None:
        """`number`: each place has its own."""
        self.name = patient_name(MONITOR_PATIENTS + number)
        self._display = display_name(secrets.token_hex(4), MONITOR_PATIENTS + number)  # a canary, as every patient's
        self._key = target.secrets.token_key_file.read_text().strip()

    def bearer(self, valid_s: int) -> str:
        """The value of an Authorization header, valid for so long from now."""
        claims = {"sub": self.name, "scope": _SCOPE, "aud": "vitals", "exp": int(time.time()) + valid_s}
        return f"Bearer {jwt.encode(claims, self._key, algorithm='HS256')}"

    def observation(self, seq: int) -> dict[str, Any]:  # FHIR JSON
        """His `seq`-th reading: a heart rate that nobody finds irregular."""
        return {
            "resourceType": "Observation",
            "status": "final",
            "meta": {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]},
            "identifier": [{"system": "urn:zweitherz:seq", "value": str(seq)}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "subject": {"reference": f"Patient/{self.name}", "display": self._display},
            "effectiveDateTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "valueQuantity": {"value": 60, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
        }
