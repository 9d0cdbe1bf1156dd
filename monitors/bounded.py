"""Reading an answer that must be whole by a certain time: a socket's own time-out starts anew with every byte."""

from __future__ import annotations

import io
import socket
import time
from typing import Any


class Bounded:
    """A connected socket as `http.client.HTTPResponse` wants it. Reading raises TimeoutError once `seconds` are over."""

    def __init__(self, wire: socket.socket, seconds: float) -> None:
        self._wire, self._end = wire, time.monotonic() + seconds

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._wire, self._end))


class _Incoming(io.RawIOBase):
    def __init__(self, wire: socket.socket, end: float) -> None:
        self._wire, self._end = wire, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # any writable buffer
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer does not end")
        self._wire.settimeout(left)
        return self._wire.recv_into(buffer)
