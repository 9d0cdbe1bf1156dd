"""A deadline holds against a side that sends a byte now and then, which begins an ordinary timeout anew each time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from lab import model, pki
from monitors.deadline import DeadlineSocket
from monitors.exchange import verified


def test_a_side_that_drips_does_not_outlast_the_deadline(tmp_path: Path) -> None:
    keys = pki.make_keys(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(keys.certificate, keys.key)
    client = verified(str(keys.ca))
    client.sslsocket_class = DeadlineSocket
    here, there = socket.socketpair()

    def drip() -> None:
        with (
            contextlib.suppress(OSError),
            server.wrap_socket(there, server_side=True) as wire,
        ):  # until the client hangs up
            while True:
                wire.sendall(b".")
                time.sleep(0.05)

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with client.wrap_socket(here, server_hostname=model.RECORD) as wire:
            assert isinstance(wire, DeadlineSocket)
            assert wire.recv(1) == b".", "without a deadline it waits as any other"
            wire.end_within(0.4)
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                _read_on(wire)
            assert 0.3 < time.monotonic() - begun < 20, "it drips for ever; the rest is for a busy machine"
            with pytest.raises(TimeoutError):
                wire.send(b"too late")
            wire.end_within(5)
            assert wire.recv(1) == b"."
    finally:
        here.close()
        dripping.join(5)


def _read_on(wire: ssl.SSLSocket) -> None:
    while wire.recv(1):
        pass
