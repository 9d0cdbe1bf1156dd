"""Reads an uploaded transaction Bundle and refuses what the service does not take.

One upload is one Bundle of one patient's Observations from one reading.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from lab.vitals.observation import read_observation
from lab.vitals.outcome import Refusal

UPLOAD_SYSTEM = "urn:zweitherz:upload"
MOST_ENTRIES = 16
_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Upload:
    """What the store needs of an upload."""

    key: str
    patient: str
    seq: int
    entries: int


def read_upload(body: bytes, header_key: str | None) -> Upload:
    """The upload in `body`. Raises Refusal 400 (not JSON), 422 (JSON, but not what is taken)."""
    try:
        bundle = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "structure", f"not JSON: {error}") from error
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Refusal(422, "structure", "resourceType must be Bundle")
    if bundle.get("type") != "transaction":
        raise Refusal(422, "value", f"Bundle.type must be transaction, found {bundle.get('type')!r:.40}")
    try:
        return _read(bundle, header_key)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Refusal(422, "required", f"an element is missing or of the wrong type: {error}") from error


def _read(bundle: dict[str, Any], header_key: str | None) -> Upload:  # Any: JSON that is being examined
    identifier = bundle["identifier"]
    key = identifier["value"]
    if identifier["system"] != UPLOAD_SYSTEM or not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Refusal(422, "value", f"Bundle.identifier must be of {UPLOAD_SYSTEM}, 1 to 64 of A-Z a-z 0-9 . _ -")
    if header_key is not None and header_key != key:
        raise Refusal(422, "conflict", "Idempotency-Key and Bundle.identifier differ")
    entries = bundle["entry"]
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST_ENTRIES:
        raise Refusal(422, "value", f"Bundle.entry must have 1 to {MOST_ENTRIES} entries")
    patients, seqs = set(), set()
    for number, entry in enumerate(entries):
        request = entry["request"]
        if request["method"] != "POST" or request["url"] != "Observation":
            raise Refusal(422, "not-supported", f"entry {number}: only POST Observation is taken")
        if request.get("ifNoneExist", f"identifier={UPLOAD_SYSTEM}|{key}.{number}") != (
            f"identifier={UPLOAD_SYSTEM}|{key}.{number}"
        ):
            raise Refusal(422, "value", f"entry {number}: ifNoneExist must name {UPLOAD_SYSTEM}|{key}.{number}")
        reading = read_observation(entry["resource"], f"entry {number}")
        patients.add(reading.patient)
        seqs.add(reading.seq)
    if len(patients) != 1 or len(seqs) != 1:
        raise Refusal(422, "invariant", "all entries must be of one patient and one reading")
    return Upload(key, patients.pop(), seqs.pop(), len(entries))
