"""The lab's certificate authority, the certificates it issues, and every secret of the lab.

The product has one certificate that both sites carry (TLS ends at the application servers), the tools cluster another (TLS ends
at its balancer), who is on call a third; a fourth is for both ends of what crosses the private link.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import model

_DAY = datetime.timedelta(days=1)
_VALID = 30 * _DAY
_EXPIRED = datetime.timedelta(hours=1)
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Keys:
    """Files of a lab: public ones may be read by all, secrets have mode 600."""

    ca: Path
    certificate: Path
    key: Path
    token_key: Path
    passwords: Path
    tsig: Path
    tools: Path
    oncall: Path
    private: Path
    kubernetes: Path
    access: Path
    expired: Path
    expired_key: Path

    def token(self, name: str) -> Path:
        """The secret that opens one interface, one of `TOKENS`."""
        return self.access / name


# who may what: Sentry's DSN and its web API, Matomo's reports, Prometheus and Alertmanager, the channel to who is on call
TOKENS = ("sentry.key", "sentry.token", "matomo.token", "prometheus.token", "oncall.token")


def keys(state: Path) -> Keys:
    """Where they lie; made by `make_keys`. `tools`, `oncall`, `private`, `kubernetes`: key and certificate in one file."""
    folder = state / "secrets"
    return Keys(
        ca=state / "ca.pem",
        certificate=state / "vitals.pem",
        key=folder / "vitals.key",
        token_key=folder / "token.key",
        passwords=folder / "passwords",
        tsig=folder / "tsig",
        tools=folder / "tools.pem",
        oncall=folder / "oncall.pem",
        private=folder / "private.pem",
        kubernetes=folder / "kubernetes.pem",
        access=folder / "access",
        expired=state / "vitals-expired.pem",
        expired_key=folder / "vitals-expired.key",
    )


def make_keys(state: Path, private_names: Sequence[str] = (), *, kubernetes: bool = False) -> Keys:
    """Fresh certificates (ECDSA P-256), token key, passwords and TSIG key for this lab; `kubernetes`: for its API servers too.

    `private_names`: what servers on the private link are called as well, where they have no fixed addresses.
    """
    made = keys(state)
    made.access.mkdir(mode=0o700, parents=True, exist_ok=True)
    made.key.parent.chmod(0o700)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("Zweitherz lab CA", ca_key.public_key(), ca_key, "Zweitherz lab CA", [], is_ca=True)
    shown = ca.public_bytes(_PEM)
    made.ca.write_bytes(shown)
    # the loopback too, so that a browser on the host trusts the lab's gates
    key, certificate = _issue(ca_key, [model.RECORD, f"*.{model.RECORD}", "127.0.0.1"])
    made.certificate.write_bytes(certificate + shown)
    secret(made.key, key)
    # what a site carries that nobody has renewed the certificate of
    key, certificate = _issue(ca_key, [model.RECORD, f"*.{model.RECORD}"], ends=-_EXPIRED)
    made.expired.write_bytes(certificate + shown)
    secret(made.expired_key, key)
    for path, names in (
        (made.tools, [model.TOOLS_RECORD, f"*.{model.TOOLS_RECORD}", "127.0.0.1"]),
        (made.oncall, [name for name, _ in model.ONCALL.values()]),
        (
            made.private,
            [*model.PRIVATE.values(), *model.MONITORS.values(), model.loadtests_address(), *private_names],
        ),
    ):
        key, certificate = _issue(ca_key, names)
        secret(path, key + certificate)
    if kubernetes:
        key, certificate = _issue(ca_key, ["kubernetes.default.svc", "localhost", "127.0.0.1"])
        secret(made.kubernetes, key + certificate)
    secret(made.token_key, secrets.token_hex(32).encode())
    secret(made.tsig, secrets.token_bytes(32).hex().encode())
    for name in TOKENS:
        secret(made.token(name), secrets.token_hex(16).encode())
    roles = ("postgres", "vitals", "telemetry", "exporter")
    secret(made.passwords, "".join(f"*:*:*:{role}:{secrets.token_urlsafe(24)}\n" for role in roles).encode())
    return made


def strangers_pem(state: Path) -> Path:
    """Key and certificate for the product's own name, by an authority that nobody trusts; made when asked for first."""
    path = state / "secrets" / "stranger.pem"
    if not path.exists():
        key, certificate = _issue(ec.generate_private_key(ec.SECP256R1()), [model.RECORD])
        secret(path, key + certificate)
    return path


def _issue(
    ca_key: ec.EllipticCurvePrivateKey, names: list[str], ends: datetime.timedelta = _VALID
) -> tuple[bytes, bytes]:
    """A key (PKCS#8: granian reads nothing else) and its certificate for these names and addresses, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _certificate(names[0], key.public_key(), ca_key, "Zweitherz lab CA", names, is_ca=False, ends=ends)
    pem = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, leaf.public_bytes(_PEM)


def secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on; who reads meanwhile finds the old one, or the new."""
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(content)
    draft.replace(path)


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
    ends: datetime.timedelta = _VALID,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    signer_id = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + ends - _VALID - _DAY)
        .not_valid_after(now + ends)
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
        builder = builder.add_extension(x509.SubjectAlternativeName([_subject(n) for n in names]), critical=False)
        # both: what crosses the private link is asked for its certificate at both ends
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _subject(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
