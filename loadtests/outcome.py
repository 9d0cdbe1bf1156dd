"""What an attempt's end means (definitions 5.2): ok, fail (certainly not applied), info (nobody knows)."""

from __future__ import annotations

from dataclasses import dataclass

from loadtests.attempt import Result

# rejected before anything is processed, by contract with the service
REFUSED = frozenset({400, 401, 403, 404, 413, 415, 422, 429})
_TRY_AGAIN = frozenset({429})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`again`: the device tries once more."""

    outcome: str
    error: str
    again: bool


def judge(result: Result, digest: str) -> Outcome:
    """Outcome of one attempt whose body has that SHA-256 (hex)."""
    if result.error:
        applied = bool(result.t_sent)
        return Outcome("info" if applied else "fail", result.error, again=True)
    if result.status in (200, 201):
        ack = result.headers.get("upload-ack", "")
        if ack.isdigit() and result.headers.get("upload-digest") == digest:
            return Outcome("ok", "", again=False)
        return Outcome("info", "unverifiable-ack", again=True)
    if result.status in REFUSED:
        return Outcome("fail", f"http-{result.status}", again=result.status in _TRY_AGAIN)
    return Outcome("info", f"http-{result.status}", again=True)
