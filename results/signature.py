"""Signatures with an ssh key, made and verified by ``ssh-keygen -Y`` (package openssh-client): no new key, no new tool.

The namespace keeps them apart from signatures for other purposes: one made for e-mail or for a commit is none for evidence.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAMESPACE = "zweitherz-evidence"
_PROGRAM = "ssh-keygen"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70
_WITHIN_S = 20
_TYPED_WITHIN_S = 120  # somebody may have to type a passphrase, or touch a key


class NoSigner(RuntimeError):
    """ssh-keygen is not installed."""


class NotSigned(RuntimeError):
    """No signature could be made: one line of what ssh-keygen said."""


class BadSignature(ValueError):
    """The signature is not one for this text, or nobody of the allowed signers made it: one line."""


@dataclass(frozen=True)
class Signed:
    """`key`: type and fingerprint. `who`: as the allowed signers name him; empty where nobody was asked for."""

    key: str
    who: str = ""


def installed() -> bool:
    """Is ssh-keygen there?"""
    return shutil.which(_PROGRAM) is not None


def sign(text: bytes, key: Path) -> bytes:
    """The signature, armoured. `key`: a private key, or a public one whose private half an agent holds.

    Raises NotSigned, NoSigner.
    """
    done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE], text, _TYPED_WITHIN_S)
    if done.returncode:
        raise NotSigned(f"key {key}: {_said(done)}")
    return done.stdout


def verify(text: bytes, signature: bytes, signers: Path | None) -> Signed:
    """Who signed. Without `signers` (an allowed-signers file) only that it is a signature for this text, by whichever key.

    Raises BadSignature, NoSigner.
    """
    _check_armour(signature)
    with tempfile.NamedTemporaryFile(suffix=".sig") as file:
        file.write(signature)
        file.flush()
        done = _run(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", file.name], text, _WITHIN_S)
        if done.returncode:
            raise BadSignature(f"not a signature for this text ({_said(done)})")
        found = re.search(r"with (\S+) key (\S+)", done.stdout.decode(errors="replace"))
        key = " ".join(found.groups()) if found else "unknown key"
        if signers is None:
            return Signed(key)
        done = _run(["-Y", "find-principals", "-s", file.name, "-f", str(signers)], b"", _WITHIN_S)
        names = done.stdout.decode(errors="replace").split()
        if done.returncode or not names:
            raise BadSignature(f"signed by {key}, who is none of {signers.name}")
        who = names[0].partition(",")[0]
        arguments = ["-Y", "verify", "-f", str(signers), "-I", who, "-n", NAMESPACE, "-s", file.name]
        done = _run(arguments, text, _WITHIN_S)
        if done.returncode:
            raise BadSignature(f"signed by {key}, and not valid for {who} in {signers.name} ({_said(done)})")
        return Signed(key, who)


def _check_armour(signature: bytes) -> None:
    """ssh-keygen is lenient with white space; here one signature has one spelling, so that every byte of it counts."""
    lines = signature.decode(errors="replace").split("\n")
    try:
        if lines[0] != _BEGIN or lines[-2:] != [_END, ""]:
            raise BadSignature("not an ssh signature")
        content = base64.b64decode("".join(lines[1:-2]), validate=True)
    except ValueError as error:  # binascii.Error is one, and so is what is no ASCII
        raise BadSignature(f"damaged ({error})") from error
    text = base64.b64encode(content).decode()
    expected = [_BEGIN, *(text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)), _END, ""]
    if lines != expected:
        raise BadSignature("not spelt as ssh-keygen spells it")


def _run(arguments: list[str], text: bytes, within_s: float) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(
            [_PROGRAM, *arguments], input=text, capture_output=True, timeout=within_s, check=False, env=environment
        )
    except FileNotFoundError as error:
        raise NoSigner(f"{_PROGRAM} is not installed (Debian, Ubuntu: openssh-client)") from error
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(error.cmd, 1, b"", f"no end after {within_s:g} s".encode())


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    return " ".join((lines[-1] if lines else f"exit code {done.returncode}").split())[:160]
