"""The lab's certificate authority and the one certificate that both sites carry (TLS ends at the application servers)."""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import model

_DAY = datetime.timedelta(days=1)
_VALID = 30 * _DAY


@dataclass(frozen=True)
class Keys:
    """Files of a lab: public ones may be read by all, secrets have mode 600."""

    ca: Path
    certificate: Path
    key: Path
    token_key: Path
    passwords: Path
    tsig: Path


def keys(state: Path) -> Keys:
    """Where they lie; made by `make_keys`."""
    folder = state / "secrets"
    return Keys(
        ca=state / "ca.pem",
        certificate=state / "vitals.pem",
        key=folder / "vitals.key",
        token_key=folder / "token.key",
        passwords=folder / "passwords",
        tsig=folder / "tsig",
    )


def make_keys(state: Path) -> Keys:
    """Fresh certificates (ECDSA P-256), token key, passwords and TSIG key for this lab."""
    made = keys(state)
    made.key.parent.mkdir(mode=0o700, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Zweitherz lab CA", ca_key.public_key(), ca_key, "Zweitherz lab CA", [], is_ca=True)
    names = [model.RECORD, f"*.{model.RECORD}"]
    leaf = _certificate(model.RECORD, key.public_key(), ca_key, "Zweitherz lab CA", names, is_ca=False)
    pem = serialization.Encoding.PEM
    made.ca.write_bytes(ca.public_bytes(pem))
    made.certificate.write_bytes(leaf.public_bytes(pem) + ca.public_bytes(pem))
    # granian reads PKCS#8 only
    secret(made.key, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    secret(made.token_key, secrets.token_hex(32).encode())
    secret(made.tsig, secrets.token_bytes(32).hex().encode())
    admin, service = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    secret(made.passwords, f"*:*:*:postgres:{admin}\n*:*:*:vitals:{service}\n".encode())
    return made


def secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(content)


def password(path: Path, role: str) -> str:
    """A role's password from a file in PostgreSQL's own format."""
    for line in path.read_text().splitlines():
        *_, who, word = line.split(":")
        if who == role:
            return word
    raise KeyError(role)


def _certificate(
    subject: str,
    public: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: str,
    names: list[str],
    *,
    is_ca: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    signer_id = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer_id), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=is_ca,
                crl_sign=is_ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if names:
        # the loopback too, so that a browser on the host trusts the lab's gates
        addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        subjects = x509.SubjectAlternativeName([*(x509.DNSName(n) for n in names), *addresses])
        builder = builder.add_extension(subjects, critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
