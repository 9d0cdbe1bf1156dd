"""Reads one Observation and refuses what the product does not take. Codes are LOINC, units UCUM."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.vitals.outcome import Refusal

SEQ_SYSTEM = "urn:zweitherz:seq"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"

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
_SEQ = re.compile(r"[0-9]{1,8}")
_STATUS = {"final", "preliminary", "amended", "corrected"}


@dataclass(frozen=True)
class Reading:
    """What an Observation says. `code` is its LOINC code; `values` by LOINC code, in the units of `SIGNALS` and `PANELS`."""

    patient: str
    seq: int
    code: str
    values: Mapping[str, float]


def read_observation(resource: dict[str, Any], where: str) -> Reading:  # Any: JSON that is being examined
    """The reading in an Observation; `where` begins the text of a refusal.

    Raises Refusal 422; KeyError, TypeError, AttributeError, IndexError where an element is missing or of the wrong type.
    """
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
        values = {code: _quantity(resource["valueQuantity"], limits, where)}
    else:
        values = _panel(code, resource["component"], where)
    seqs = [part["value"] for part in resource["identifier"] if part["system"] == SEQ_SYSTEM]
    if len(seqs) != 1 or not _SEQ.fullmatch(str(seqs[0])) or not 0 < int(seqs[0]) < 1 << 24:
        raise Refusal(422, "value", f"{where}: one identifier of {SEQ_SYSTEM}, 1 to 2^24 - 1, is needed")
    return Reading(patient[1], int(seqs[0]), code, values)


def _panel(code: str, components: list[dict[str, Any]], where: str) -> dict[str, float]:
    wanted = PANELS[code]
    found = {}
    for part in components:
        found[_code(part, where)] = part["valueQuantity"]
    if set(found) != set(wanted):
        raise Refusal(422, "invariant", f"{where}: panel {code} needs the components {', '.join(wanted)}")
    return {each: _quantity(found[each], bounds, where) for each, bounds in wanted.items()}


def _code(part: dict[str, Any], where: str) -> str:
    for coding in part["code"]["coding"]:
        if coding["system"] == LOINC:
            return str(coding["code"])
    raise Refusal(422, "code-invalid", f"{where}: a LOINC coding is needed")


def _quantity(quantity: dict[str, Any], limits: tuple[str, float, float], where: str) -> float:
    unit, least, greatest = limits
    if quantity["system"] != UCUM or quantity["code"] != unit:
        raise Refusal(422, "code-invalid", f"{where}: unit must be UCUM {unit}, found {quantity['code']!r:.20}")
    value = quantity["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= greatest:
        raise Refusal(422, "value", f"{where}: value {value!r:.20} {unit} is not within {least:g} to {greatest:g}")
    return value


def _instant(text: str, where: str) -> None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(422, "value", f"{where}: effectiveDateTime {text!r:.40} is no date and time") from error
    if moment.tzinfo is None:
        raise Refusal(422, "value", f"{where}: effectiveDateTime needs a time zone")
