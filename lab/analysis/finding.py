"""The finding on one Observation, as a small FHIR RiskAssessment.

==============================  ============================================================================
subject                         the patient
basis[0].identifier             the Observation's own sequence number (``urn:zweitherz:seq``): which reading it answers
method.text                     the guidelines that were asked; of an irregular reading the one that decided
prediction[0]                   irregular only: outcome.text what was found, qualitativeRisk, rationale (the rule that holds)
extension urn:zweitherz:outcome irregular, regular, or unassessed: there is no rule for such a reading
extension urn:zweitherz:site    the site that served
==============================  ============================================================================
"""

from __future__ import annotations

import json
from typing import Any

from lab.analysis.rules import Assessment, assess
from lab.vitals.access import Caller
from lab.vitals.observation import SEQ_SYSTEM, Reading, read_observation
from lab.vitals.outcome import Refusal

OUTCOME, SITE = "urn:zweitherz:outcome", "urn:zweitherz:site"
_RISK = "http://terminology.hl7.org/CodeSystem/risk-probability"


def examine(body: bytes | str, who: Caller, site: str) -> tuple[str, bytes]:
    """Outcome and finding on the Observation in `body`.

    Raises Refusal 400 (not JSON), 422 (JSON, but not what is taken), 403 (of another patient).
    """
    try:
        resource = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "structure", f"not JSON: {error}") from error
    if not isinstance(resource, dict):
        raise Refusal(422, "structure", "resourceType must be Observation")
    try:
        reading = read_observation(resource, "Observation")
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Refusal(422, "required", f"an element is missing or of the wrong type: {error}") from error
    who.must_be(reading.patient, "patient/*.write")
    assessment = assess(reading)
    return assessment.outcome, json.dumps(_risk_assessment(reading, assessment, site)).encode()


def _risk_assessment(reading: Reading, assessment: Assessment, site: str) -> dict[str, Any]:  # FHIR JSON
    whole: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "status": "final",
        "subject": {"reference": f"Patient/{reading.patient}"},
        "basis": [{"type": "Observation", "identifier": {"system": SEQ_SYSTEM, "value": str(reading.seq)}}],
        "extension": [
            {"url": OUTCOME, "valueCode": assessment.outcome},
            {"url": SITE, "valueCode": site},
        ],
    }
    if assessment.sources:
        whole["method"] = {"text": "; ".join(assessment.sources)}
    if assessment.rule is not None:
        whole["prediction"] = [
            {
                "outcome": {"text": assessment.rule.name},
                "qualitativeRisk": {"coding": [{"system": _RISK, "code": assessment.rule.risk}]},
                "rationale": " or ".join(str(bound) for bound in assessment.rule.any_of),
            }
        ]
    return whole
