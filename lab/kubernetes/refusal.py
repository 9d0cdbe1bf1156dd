"""What the API server answers when it does not do what it was asked: a Status object, as the real one does."""

from __future__ import annotations

from typing import Any

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    500: "InternalError",
    501: "NotImplemented",
}


class Refusal(Exception):
    """`code` is the HTTP status, one of those above; `reason` where it is not that code's usual one."""

    def __init__(self, code: int, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.code, self.reason = code, reason or _REASONS[code]

    def status(self) -> dict[str, Any]:
        """The Status object. JSON values."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "code": self.code,
        }


def not_found(plural: str, name: str) -> Refusal:
    """There is no such object."""
    return Refusal(404, f'{plural} "{name}" not found')


def not_stood_in_for(what: str) -> Refusal:
    """A real cluster could do it; this stand-in does not, and does not pretend to."""
    return Refusal(501, f"{what}: not stood in for by the lab")


def success(**more: Any) -> dict[str, Any]:
    """The Status object of something done that has no object to show."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", **more}
