"""Proves that a form that stops a drill was made by this server, for the browser that sends it.

A visitor is known by a cookie that no other site can make the browser send (SameSite=Strict). The form's token is derived from it
with a secret of this start of the server, so that neither a page elsewhere nor an old page of ours can give the order.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

COOKIE = "zweitherz-visitor"
_LONGEST = 128


class Tokens:
    """Tokens of one start of the server."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def of(self, visitor: str) -> str:
        """The token of that visitor's forms."""
        return hmac.new(self._secret, visitor.encode(), hashlib.sha256).hexdigest()

    def holds(self, visitor: str, token: str) -> bool:
        """Is that the visitor's token? Takes the same time for every wrong one."""
        given = token.encode("utf-8", "replace")
        return 0 < len(visitor) <= _LONGEST and hmac.compare_digest(self.of(visitor).encode(), given)


def new_visitor() -> str:
    """A name for a visitor that nobody can guess."""
    return secrets.token_urlsafe(24)
