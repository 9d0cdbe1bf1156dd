"""When a reading is irregular: the steps of published guidelines, in place of the product's trained model.

It is no diagnosis: guidelines ask for repeated measurements, at rest.

===============  ==================================  =======================================================================
blood pressure   grade 3, 2, 1: at least 180/110,    2018 ESC/ESH guidelines for arterial hypertension, table 3 (Eur Heart J
                 160/100, 140/90 mm[Hg]; the higher  2018;39:3021, https://doi.org/10.1093/eurheartj/ehy339)
                 of the two decides
heart rate       below 50 /min: bradycardia          2018 ACC/AHA/HRS guideline on bradycardia (Circulation 2019;140:e382,
                                                     https://doi.org/10.1161/CIR.0000000000000628)
heart rate       above 100 /min: tachycardia         2019 ESC guidelines for supraventricular tachycardia (Eur Heart J
                                                     2020;41:655, https://doi.org/10.1093/eurheartj/ehz467)
SpO2             below 92 %: low oxygen saturation   NEWS2, Royal College of Physicians 2017: 91 % and less scores 3, which
                                                     alone calls for an urgent review
===============  ==================================  =======================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lab.vitals.observation import Reading

_HYPERTENSION = "2018 ESC/ESH guidelines for arterial hypertension, table 3, doi:10.1093/eurheartj/ehy339"
_BRADYCARDIA = "2018 ACC/AHA/HRS guideline on bradycardia, doi:10.1161/CIR.0000000000000628"
_TACHYCARDIA = "2019 ESC guidelines for supraventricular tachycardia, doi:10.1093/eurheartj/ehz467"
_OXYGEN = "National Early Warning Score (NEWS) 2, Royal College of Physicians, 2017"

_PRESSURE, _SYSTOLIC, _DIASTOLIC = "85354-9", "8480-6", "8462-4"
_RATE, _SATURATION = "8867-4", "59408-5"


@dataclass(frozen=True)
class Bound:
    """Met by a value that is `relation` the `limit`; `code` is the value's LOINC code, `of` what people call it."""

    code: str
    of: str
    relation: Literal["at least", "above", "below"]
    limit: float
    unit: str

    def met_by(self, value: float) -> bool:
        if self.relation == "at least":
            return value >= self.limit
        return value > self.limit if self.relation == "above" else value < self.limit

    def __str__(self) -> str:
        return f"{self.of} {self.relation} {self.limit:g} {self.unit}"


@dataclass(frozen=True)
class Rule:
    """`name` is what was found when any of the bounds is met; `risk` is a code of FHIR's risk-probability."""

    name: str
    risk: Literal["moderate", "high"]
    any_of: tuple[Bound, ...]
    source: str


@dataclass(frozen=True)
class Assessment:
    """What the rules say of a reading.

    outcome  ``irregular``: `rule` holds; ``regular``: none of its rules does; ``unassessed``: there is no rule for such a reading
    sources  of all rules that were asked; of the one that holds, if one does
    """

    outcome: Literal["irregular", "regular", "unassessed"]
    rule: Rule | None
    sources: tuple[str, ...]


def _grade(number: int, risk: Literal["moderate", "high"], systolic: int, diastolic: int) -> Rule:
    bounds = (
        Bound(_SYSTOLIC, "systolic blood pressure", "at least", systolic, "mm[Hg]"),
        Bound(_DIASTOLIC, "diastolic blood pressure", "at least", diastolic, "mm[Hg]"),
    )
    return Rule(f"hypertension grade {number}", risk, bounds, _HYPERTENSION)


# by LOINC code of the reading; the first rule that holds decides, so the gravest comes first
RULES: dict[str, tuple[Rule, ...]] = {
    _PRESSURE: (_grade(3, "high", 180, 110), _grade(2, "high", 160, 100), _grade(1, "moderate", 140, 90)),
    _RATE: (
        Rule("bradycardia", "moderate", (Bound(_RATE, "heart rate", "below", 50, "/min"),), _BRADYCARDIA),
        Rule("tachycardia", "moderate", (Bound(_RATE, "heart rate", "above", 100, "/min"),), _TACHYCARDIA),
    ),
    _SATURATION: (
        Rule("low oxygen saturation", "high", (Bound(_SATURATION, "oxygen saturation", "below", 92, "%"),), _OXYGEN),
    ),
}


def assess(reading: Reading) -> Assessment:
    """What the rules say of it."""
    rules = RULES.get(reading.code, ())
    for rule in rules:
        if any(bound.met_by(reading.values[bound.code]) for bound in rule.any_of):
            return Assessment("irregular", rule, (rule.source,))
    return Assessment("regular" if rules else "unassessed", None, tuple(dict.fromkeys(rule.source for rule in rules)))
