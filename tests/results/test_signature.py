"""With the real ssh-keygen; without it these tests are skipped, and only these."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from results import signature
from results.signature import BadSignature, NoSigner, NotSigned, sign, verify

pytestmark = pytest.mark.skipif(not signature.installed(), reason="ssh-keygen is not installed (openssh-client)")
TEXT = b"what is signed\n"


def make_key(path: Path, kind: str = "ed25519") -> Path:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "auditor", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path


def allow(key: Path, who: str = "auditor@heart.test", options: str = 'namespaces="zweitherz-evidence"') -> Path:
    """An allowed-signers file with that one key."""
    file = key.with_name("allowed_signers")
    kind, blob, _ = key.with_suffix(".pub").read_text().split(" ", 2)
    file.write_text(f"{who} {options} {kind} {blob}\n")
    return file


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "key")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_who_signed_is_named(tmp_path: Path, kind: str) -> None:
    key = make_key(tmp_path / kind, kind)
    signed = verify(TEXT, sign(TEXT, key), allow(key))
    assert signed.who == "auditor@heart.test"
    assert signed.key.startswith(f"{kind.upper()} SHA256:")


def test_without_signers_only_the_key_is_known(key: Path) -> None:
    assert verify(TEXT, sign(TEXT, key), None).who == ""


def test_another_text_is_not_signed(key: Path) -> None:
    with pytest.raises(BadSignature, match="not a signature for this text"):
        verify(TEXT + b" ", sign(TEXT, key), None)


def test_a_stranger_a_foreign_purpose_and_a_key_that_expired_are_refused(key: Path, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger")
    with pytest.raises(BadSignature, match="who is none of allowed_signers"):
        verify(TEXT, sign(TEXT, stranger), allow(key))
    with pytest.raises(BadSignature, match=r"not valid for auditor@heart\.test|none of allowed_signers"):
        verify(TEXT, sign(TEXT, key), allow(key, options='namespaces="git"'))
    with pytest.raises(BadSignature, match=r"not valid for auditor@heart\.test|none of allowed_signers"):
        verify(TEXT, sign(TEXT, key), allow(key, options='valid-before="20200101"'))


def test_one_made_for_another_purpose_is_none_for_evidence(key: Path) -> None:
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", "git"]
    for_git = subprocess.run(command, input=TEXT, capture_output=True, check=True).stdout
    with pytest.raises(BadSignature, match="not a signature for this text"):
        verify(TEXT, for_git, allow(key))


def test_a_signature_has_one_spelling(key: Path) -> None:
    signed = sign(TEXT, key)
    for other in (
        signed + b"\n",
        signed.replace(b"\n", b"\r\n"),
        b" " + signed,
        signed[:-1],
        b"",
        signed[: len(signed) // 2],
        signed[:40] + bytes([signed[40] ^ 0x80]) + signed[41:],
    ):
        with pytest.raises(BadSignature):
            verify(TEXT, other, None)


def test_a_key_that_cannot_sign_is_told(tmp_path: Path, key: Path) -> None:
    with pytest.raises(NotSigned, match="No such file"):
        sign(TEXT, tmp_path / "none")
    key.with_name("broken").write_text("no key")
    with pytest.raises(NotSigned, match="broken"):
        sign(TEXT, key.with_name("broken"))


def test_no_ssh_keygen_is_told(key: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    signed = sign(TEXT, key)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSigner, match="openssh-client"):
        verify(TEXT, signed, None)
