"""Reading by a deadline."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from monitors.bounded import Bounded


def test_what_is_there_in_time_is_read() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"one line\nand the rest")
        there.shutdown(socket.SHUT_WR)
        reader = Bounded(here, 5).makefile("rb")
        assert (reader.readline(), reader.read()) == (b"one line\n", b"and the rest")


def test_every_byte_in_time_is_not_all_of_them_in_time() -> None:
    here, there = socket.socketpair()
    ending = threading.Event()

    def drip() -> None:
        while not ending.wait(0.02):
            there.sendall(b"x")

    with here, there:
        dripping = threading.Thread(target=drip)
        dripping.start()
        begun = time.monotonic()
        try:
            with pytest.raises(TimeoutError):
                Bounded(here, 0.3).makefile("rb").read()
            assert 0.3 <= time.monotonic() - begun < 20, "it drips for ever; the rest is for a busy machine"
        finally:
            ending.set()
            dripping.join()
