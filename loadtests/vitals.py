"""What a patient's device measures, and how it looks as a FHIR transaction Bundle.

Plausible, not medical: conditions shift the means, the heart rate follows the time of day. A reading is a pure function of
(seed, patient, seq, time), so that any upload can be made again. All data are synthetic and tagged HTEST.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass

from loadtests.mix import mix
from results.identity import operation, patient_name

_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_HTEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}

# share of readings, by device: a cuff measures pressure and pulse, a watch the rest, a scale the weight
SIGNALS = (("blood-pressure", 0.4), ("heart-rate", 0.35), ("oxygen", 0.1), ("steps", 0.1), ("weight", 0.05))
_CODES = {"heart-rate": "8867-4", "oxygen": "59408-5", "weight": "29463-7", "steps": "55423-8"}
_UNITS = {"heart-rate": "/min", "oxygen": "%", "weight": "kg", "steps": "{steps}"}

# condition -> (resting heart rate, its spread, systolic, its spread, oxygen saturation), all as mean and standard deviation
_MEANS = {
    "atrial-fibrillation": (88, 18, 132, 14, 96),
    "hypertension": (74, 9, 148, 15, 97),
    "coronary-disease": (68, 8, 134, 13, 96),
    "heart-failure": (82, 12, 118, 14, 93),
}
_OTHER = (72, 9, 125, 12, 97)


@dataclass(frozen=True)
class Reading:
    """One upload's body and which signal it carries."""

    signal: str
    body: bytes


def _observation(code: str, values: object) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "meta": {"tag": [_HTEST]},
        "identifier": [{"system": "urn:zweitherz:seq", "value": "@SEQ@"}],
        "status": "final",
        "code": {"coding": [{"system": _LOINC, "code": code}]},
        "subject": {"reference": "Patient/@PATIENT@", "display": "@NAME@"},
        "effectiveDateTime": "@TIME@",
        **(values if isinstance(values, dict) else {}),
    }


def _quantity(unit: str, mark: str) -> dict[str, str]:
    return {"value": mark, "unit": unit, "system": _UCUM, "code": unit}


def _template(signal: str) -> list[str]:
    """The Bundle of a signal as text, cut at its marks; odd pieces are names of marks."""
    if signal == "blood-pressure":
        parts = [
            {"code": {"coding": [{"system": _LOINC, "code": code}]}, "valueQuantity": _quantity("mm[Hg]", mark)}
            for code, mark in (("8480-6", "@V1@"), ("8462-4", "@V2@"))
        ]
        resources = [
            _observation("85354-9", {"component": parts}),
            _observation("8867-4", {"valueQuantity": _quantity("/min", "@V3@")}),
        ]
    else:
        resources = [_observation(_CODES[signal], {"valueQuantity": _quantity(_UNITS[signal], "@V1@")})]
    entries = [
        {
            "resource": resource,
            "request": {
                "method": "POST",
                "url": "Observation",
                "ifNoneExist": f"identifier=urn:zweitherz:upload|@KEY@.{number}",
            },
        }
        for number, resource in enumerate(resources)
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "meta": {"tag": [_HTEST]},
        "identifier": {"system": "urn:zweitherz:upload", "value": "@KEY@"},
        "entry": entries,
    }
    text = json.dumps(bundle, separators=(",", ":"))
    for mark in ("V1", "V2", "V3"):
        text = text.replace(f'"@{mark}@"', f"@{mark}@")  # a number, not a text
    return text.split("@")


_TEMPLATES = {signal: _template(signal) for signal, _ in SIGNALS}


def reading(seed: int, patient: int, seq: int, condition: str, key: str, name: str, intended_ns: int) -> Reading:
    """The reading that is due then; `name`: the patient's, as people read it."""
    bits = mix(seed ^ mix(operation(patient, seq)))
    signal = _choose(bits & 0xFFFF)
    own = mix(seed ^ mix(patient + 1))  # what stays with the patient
    rate, rate_spread, systolic, pressure_spread, oxygen = _MEANS.get(condition, _OTHER)
    first, second = _normal(bits >> 16), _normal(mix(bits))
    habit = _normal(own)
    hour = (intended_ns / 3.6e12) % 24
    circadian = -6 * math.cos((hour - 15) / 24 * 2 * math.pi + math.pi)  # lowest at 3, highest at 15 o'clock
    pulse = _between(rate + circadian + rate_spread * (0.6 * habit + 0.8 * first), 35, 210)
    if signal == "blood-pressure":
        upper = _between(systolic + pressure_spread * (0.7 * habit + 0.7 * second), 80, 220)
        values = {"V1": str(upper), "V2": str(_between(upper * 0.62 + 4 * first, 40, 130)), "V3": str(pulse)}
    elif signal == "heart-rate":
        values = {"V1": str(pulse)}
    elif signal == "oxygen":
        values = {"V1": str(_between(oxygen + 1.2 * first, 80, 100))}
    elif signal == "weight":
        values = {"V1": f"{_between(820 + 140 * habit + 6 * first, 420, 1800) / 10:.1f}"}
    else:
        values = {"V1": str(_between(abs(second) * 4200, 0, 30000))}
    seconds, rest = divmod(intended_ns, 1_000_000_000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest // 1_000_000:03d}Z"
    marks = {"SEQ": str(seq), "PATIENT": patient_name(patient), "NAME": name, "TIME": moment, "KEY": key} | values
    pieces = _TEMPLATES[signal]
    return Reading(signal, "".join([marks[p] if i % 2 else p for i, p in enumerate(pieces)]).encode())


def _choose(sixteen_bits: int) -> str:
    at = sixteen_bits / 65536
    for signal, share in SIGNALS:
        at -= share
        if at < 0:
            return signal
    return SIGNALS[-1][0]


def _between(value: float, least: int, greatest: int) -> int:
    return round(min(greatest, max(least, value)))


def _normal(bits: int) -> float:
    """About standard normal: the sum of three uniforms (Irwin-Hall), which never leaves ±3."""
    total = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF)
    return (total / 65536 - 1.5) * 2
