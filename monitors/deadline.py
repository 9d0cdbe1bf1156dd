"""A TLS connection whose patience ends at one moment, however slowly the other side drips."""

from __future__ import annotations

import ssl
import time


class DeadlineSocket(ssl.SSLSocket):
    """A plain timeout begins anew with every byte; this one does not. `ssl.SSLContext.sslsocket_class` makes them."""

    _ends_s = float("inf")

    def end_within(self, seconds: float) -> None:
        """From now on, `recv` and `send` together may take that long; after that they raise TimeoutError."""
        self._ends_s = time.monotonic() + seconds

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        self._hurry()
        return super().recv(buflen, flags)

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override] # any buffer would do; bytes are sent here
        self._hurry()
        return super().send(data, flags)

    def _hurry(self) -> None:
        left = self._ends_s - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        if left != float("inf"):
            self.settimeout(left)
