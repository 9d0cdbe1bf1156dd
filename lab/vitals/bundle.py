"""Reads an uploaded transaction Bundle and refuses what the service does not take.

One upload is one Bundle of one patient's Observations from one reading. Codes are LOINC, units UCUM.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from typing import Any

from lab.vitals.outcome import Refusal

UPLOAD_SYSTEM = "urn:zweitherz:upload"
SEQ_SYSTEM = "urn:zweitherz:seq"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
MOST_ENTRIES = 16

# LOINC code -> (UCUM unit, least, greatest plausible value); None: a panel that has components instead of a value
SIGNALS: dict[str, tuple[str, float, float] | None] = {
    "85354-9": None,
    "8867-4": ("/min", 20, 300),
    "59408-5": ("%", 50, 100),
    "29463-7": ("kg", 20, 400),
    "55423-8": ("{steps}", 0, 200_000),
}
PANELS: dict[str, dict[str, tuple[str, float, float]]] = {
    "85354-9": {"8480-6": ("mm[Hg]", 40, 300), "8462-4": ("mm[Hg]", 20, 200)},
}
_PATIENT = re.compile(r"Patient/(p-\d{6,10})")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STATUS = {"final", "preliminary", "amended", "corrected"}


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
        patient, seq = _observation(entry["resource"], number)
        patients.add(patient)
        seqs.add(seq)
    if len(patients) != 1 or len(seqs) != 1:
        raise Refusal(422, "invariant", "all entries must be of one patient and one reading")
    return Upload(key, patients.pop(), seqs.pop(), len(entries))


def _observation(resource: dict[str, Any], number: int) -> tuple[str, int]:
    where = f"entry {number}"
    if resource["resourceType"] != "Observation":
        raise Refusal(422, "not-supported", f"{where}: only Observation is taken")
    if resource["status"] not in _STATUS:
        raise Refusal(422, "code-invalid", f"{where}: status must be one of {', '.join(sorted(_STATUS))}")
    patient = _PATIENT.fullmatch(resource["subject"]["reference"])
    if patient is None:
        raise Refusal(422, "value", f"{where}: subject.reference must be Patient/p-NNNNNN")
    _instant(resource["effectiveDateTime"], where)
    code = _code(resource, where)
    if code not in SIGNALS:
        raise Refusal(422, "code-invalid", f"{where}: LOINC {code!r:.20} is not taken")
    limits = SIGNALS[code]
    if limits is not None:
        _quantity(resource["valueQuantity"], limits, where)
    else:
        wanted = PANELS[code]
        found = {}
        for part in resource["component"]:
            found[_code(part, where)] = part["valueQuantity"]
        if set(found) != set(wanted):
            raise Refusal(422, "invariant", f"{where}: panel {code} needs the components {', '.join(wanted)}")
        for each, bounds in wanted.items():
            _quantity(found[each], bounds, where)
    seqs = [part["value"] for part in resource["identifier"] if part["system"] == SEQ_SYSTEM]
    if len(seqs) != 1 or not str(seqs[0]).isdigit() or not 0 < int(seqs[0]) < 1 << 24:
        raise Refusal(422, "value", f"{where}: one identifier of {SEQ_SYSTEM}, 1 to 2^24 - 1, is needed")
    return patient[1], int(seqs[0])


def _code(part: dict[str, Any], where: str) -> str:
    for coding in part["code"]["coding"]:
        if coding["system"] == LOINC:
            return str(coding["code"])
    raise Refusal(422, "code-invalid", f"{where}: a LOINC coding is needed")


def _quantity(quantity: dict[str, Any], limits: tuple[str, float, float], where: str) -> None:
    unit, least, greatest = limits
    if quantity["system"] != UCUM or quantity["code"] != unit:
        raise Refusal(422, "code-invalid", f"{where}: unit must be UCUM {unit}, found {quantity['code']!r:.20}")
    value = quantity["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= greatest:
        raise Refusal(422, "value", f"{where}: value {value!r:.20} {unit} is not within {least:g} to {greatest:g}")


def _instant(text: str, where: str) -> None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(422, "value", f"{where}: effectiveDateTime {text!r:.40} is no date and time") from error
    if moment.tzinfo is None:
        raise Refusal(422, "value", f"{where}: effectiveDateTime needs a time zone")
