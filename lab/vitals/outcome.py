"""Refusals: an HTTP status and a FHIR OperationOutcome that says why."""

from __future__ import annotations

import json


class Refusal(Exception):
    """A request that is not carried out.

    status  HTTP status
    code    FHIR issue type (http://hl7.org/fhir/issue-type)
    """

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status, self.code, self.why = status, code, why

    def body(self) -> bytes:
        """The OperationOutcome as JSON."""
        issue = {"severity": "error", "code": self.code, "diagnostics": self.why}
        return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
