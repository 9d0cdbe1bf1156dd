"""Reads an HTTP/1.1 answer as it arrives: status, headers, and whether it is whole."""

from __future__ import annotations

_LONGEST_HEAD = 32 << 10


class BadAnswer(ValueError):
    """Not HTTP."""


class Answer:
    """Fed with bytes until `whole`. Header names are in lower case."""

    __slots__ = ("_body", "_data", "_length", "close", "headers", "status", "whole")

    def __init__(self) -> None:
        self._data = bytearray()
        self._body = -1
        self._length: int | None = None
        self.status = -1
        self.headers: dict[str, str] = {}
        self.whole = False
        self.close = False

    def feed(self, data: bytes) -> None:
        """More bytes. Raises BadAnswer."""
        self._data += data
        if self._body < 0 and not self._head():
            return
        if self._length is None:
            self.whole = self._data.endswith(b"0\r\n\r\n") and self.headers.get("transfer-encoding") == "chunked"
        else:
            self.whole = len(self._data) - self._body >= self._length

    def end(self) -> None:
        """The server closed: an answer without a length is whole now."""
        if self._body >= 0 and self._length is None and "transfer-encoding" not in self.headers:
            self.whole = True

    def _head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            if len(self._data) > _LONGEST_HEAD:
                raise BadAnswer("no end of the headers")
            return False
        first, *lines = bytes(self._data[:end]).decode("latin-1").split("\r\n")
        parts = first.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise BadAnswer(f"not HTTP/1: {first[:40]!r}")
        self.status = int(parts[1])
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self._body = end + 4
        length = self.headers.get("content-length")
        if length is not None and not length.isdigit():
            raise BadAnswer(f"Content-Length {length[:20]!r}")
        self._length = int(length) if length is not None else (0 if self.status in (204, 304) else None)
        self.close = self.headers.get("connection", "").lower() == "close"
        return True
