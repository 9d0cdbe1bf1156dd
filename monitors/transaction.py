"""The synthetic transaction: uploads a reading as a test patient and reads it back. Believes no health page."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import Any

from monitors.exchange import BrokenPromise, Unanswered, exchange, of_the_service
from monitors.look import Look
from monitors.patient import TestPatient
from monitors.place import Place

_VALID_S = 300


class Transaction:
    """Fails when an upload is not acknowledged with the right digest, or is not there at once when it was."""

    name, period_s, doubt_s = "transaction", 2.0, 1.0

    def __init__(self, place: Place, number: int) -> None:
        """`number`: which of the test patients; each place has its own."""
        self._place = place
        self._service = of_the_service(place)
        self._patient = TestPatient(place.target, number)
        self._run = secrets.token_hex(4)
        self._seq = 0

    def look(self) -> Look:
        self._seq += 1
        begun = time.monotonic()
        try:
            ack = self._upload(f"monitor-{self._run}-{self._seq}")
            acknowledged = time.monotonic()
            self._read_back(ack)
        except (Unanswered, BrokenPromise) as error:
            return Look(ok=False, why=str(error))
        figures = {"upload_ms": (acknowledged - begun) * 1000, "latency_ms": (time.monotonic() - begun) * 1000}
        return Look(ok=True, figures=figures)

    def _upload(self, key: str) -> str:
        """Acknowledgement id of a new reading. Raises Unanswered, BrokenPromise."""
        body = json.dumps(_bundle(self._patient.observation(self._seq), key), separators=(",", ":")).encode()
        sent = exchange(self._place, self._service, "POST", "/fhir", self._headers(key), body)
        ack = sent.headers.get("upload-ack", "")
        if sent.status not in (200, 201):
            raise BrokenPromise(f"upload: status {sent.status}")
        if sent.headers.get("upload-digest") != hashlib.sha256(body).hexdigest():
            raise BrokenPromise("upload: acknowledged with another digest")
        if not ack.isdigit():
            raise BrokenPromise("upload: acknowledged without an id")
        return ack

    def _read_back(self, ack: str) -> None:
        """See that it is there. Raises Unanswered, BrokenPromise."""
        path = f"/fhir/Observation?patient={self._patient.name}&_count=1&_after={int(ack) - 1}"
        back = exchange(self._place, self._service, "GET", path, self._headers())
        if back.status != 200:
            raise BrokenPromise(f"read back: status {back.status}")
        if ack not in _acks(back.body):
            raise BrokenPromise(f"acknowledged as {ack}, and not there")

    def _headers(self, key: str = "") -> dict[str, str]:
        headers = {"Authorization": self._patient.bearer(_VALID_S)}
        if key:
            headers |= {"Idempotency-Key": key, "Content-Type": "application/fhir+json"}
        return headers


def _acks(body: bytes) -> set[str]:
    """Acknowledgement ids of a searchset (an Observation's id is ``<ack>.<number>``); none in what is no searchset."""
    try:
        whole = json.loads(body)
        return {str(entry["resource"]["id"]).partition(".")[0] for entry in whole["entry"]}
    except (ValueError, KeyError, TypeError):
        return set()


def _bundle(observation: dict[str, Any], key: str) -> dict[str, Any]:  # FHIR JSON
    request = {"method": "POST", "url": "Observation", "ifNoneExist": f"identifier=urn:zweitherz:upload|{key}.0"}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "identifier": {"system": "urn:zweitherz:upload", "value": key},
        "entry": [{"resource": observation, "request": request}],
    }
