"""Who may do what: bearer tokens (JWT, HS256) of patients and of the auditor.

Claims: ``sub`` (``p-000123`` or ``auditor``), ``scope`` (SMART: ``patient/*.write patient/*.read`` or ``system/*.read``),
``aud`` (``vitals``), ``exp``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import jwt

from lab.vitals.outcome import Refusal

AUDIENCE = "vitals"


@dataclass(frozen=True)
class Caller:
    """A verified token."""

    subject: str
    scopes: frozenset[str]

    def must_be(self, patient: str, scope: str) -> None:
        """Only the patient himself, within the scope. Raises Refusal 403."""
        if scope not in self.scopes:
            raise Refusal(403, "forbidden", f"scope {scope} is not granted by this token")
        if self.subject != patient:
            raise Refusal(403, "forbidden", "the data of another patient")

    def must_audit(self) -> None:
        if "system/*.read" not in self.scopes:
            raise Refusal(403, "forbidden", "scope system/*.read is not granted by this token")


def caller(authorization: bytes | None, key: str, now_s: float | None = None) -> Caller:
    """The caller of a request by its Authorization header; `now_s`: Unix time by the site's clock. Raises Refusal 401."""
    scheme, _, token = (authorization or b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise Refusal(401, "login", "a bearer token is needed")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={"require": ["sub", "exp", "aud"], "verify_exp": False},
        )
        if float(claims["exp"]) <= (time.time() if now_s is None else now_s):
            raise jwt.ExpiredSignatureError("Signature has expired")
    except (TypeError, ValueError) as error:
        raise Refusal(401, "login", "the bearer token is not valid: exp is no number") from error
    except jwt.InvalidTokenError as error:
        raise Refusal(401, "login", f"the bearer token is not valid: {error}") from error
    return Caller(str(claims["sub"]), frozenset(str(claims.get("scope", "")).split()))
