from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from targets.lab_control import LabControl, LabRefused, LabUnreachable


def answering(path: Path, reply: Callable[[bytes], bytes]) -> threading.Thread:
    """A lab that answers one call at `path` with `reply(request)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(path.parent, os.O_PATH)
    listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)
    listener.listen()
    listener.settimeout(10)

    def serve() -> None:
        with listener, listener.accept()[0] as wire, wire.makefile("rb") as requests:
            wire.sendall(reply(requests.readline()))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_a_call_carries_its_parameters_and_brings_the_answer(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def reply(request: bytes) -> bytes:
        asked.append(request)
        return b'{"ok": true, "up_s": 3}\n'

    lab = answering(tmp_path / "control.sock", reply)
    assert LabControl(tmp_path / "control.sock").call("kill", site="fra")["up_s"] == 3
    lab.join(10)
    assert json.loads(asked[0]) == {"do": "kill", "site": "fra"}


def test_a_refusal_keeps_the_labs_own_line(tmp_path: Path) -> None:
    answering(tmp_path / "control.sock", lambda _: b'{"ok": false, "error": "site ber: unknown"}\n')
    with pytest.raises(LabRefused, match="site ber: unknown"):
        LabControl(tmp_path / "control.sock").call("kill", site="ber")


def test_a_lab_that_hangs_up_is_not_an_answer(tmp_path: Path) -> None:
    answering(tmp_path / "control.sock", lambda _: b'{"ok": tr')
    with pytest.raises(LabUnreachable, match="hung up during 'status'"):
        LabControl(tmp_path / "control.sock").call("status")


def test_no_lab_is_said_with_the_socket_asked(tmp_path: Path) -> None:
    with pytest.raises(LabUnreachable, match=r"control\.sock"):
        LabControl(tmp_path / "control.sock").call("status")


def test_a_socket_path_longer_than_the_kernel_takes_still_connects(tmp_path: Path) -> None:
    path = tmp_path / ("deep" * 25) / "control.sock"
    answering(path, lambda _: b'{"ok": true}\n')
    assert LabControl(path).call("status") == {"ok": True}
