"""What the manifests are given from files: made once, readable by their owner alone, and no more than each service needs."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography import x509

from lab import manifest_files, pki
from lab.clusters import CLUSTERS


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    """The databases know the passwords of the first one."""
    manifest_files.make(tmp_path)
    first = content(tmp_path)
    manifest_files.make(tmp_path)
    assert content(tmp_path) == first


def test_secrets_are_their_owners_alone(tmp_path: Path) -> None:
    manifest_files.make(tmp_path / "made")
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700
    for path in (tmp_path / "made" / "secrets").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_service_gets_its_own_password_and_no_other(tmp_path: Path) -> None:
    manifest_files.make(tmp_path)
    keys = pki.keys(tmp_path)
    for cluster in CLUSTERS.values():
        (line,) = (tmp_path / "secrets" / f"passwords-{cluster.database}").read_text().splitlines()
        assert line == f"*:*:*:{cluster.database}:{pki.password(keys.passwords, cluster.database)}"


def test_the_schema_names_no_password(tmp_path: Path) -> None:
    manifest_files.make(tmp_path)
    for cluster in CLUSTERS.values():
        text = (tmp_path / f"{cluster.database}.sql").read_text()
        assert f"CREATE ROLE {cluster.database} LOGIN PASSWORD :'password';" in text
        assert cluster.schema("none") in text


def test_the_private_certificate_has_the_names_that_pods_are_called_by(tmp_path: Path) -> None:
    manifest_files.make(tmp_path)
    pem = (tmp_path / "secrets/private.pem").read_bytes()
    names = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    shown = names.value.get_values_for_type(x509.DNSName)
    assert {manifest_files.DATABASE, manifest_files.PEER, manifest_files.METRICS} <= set(shown)
