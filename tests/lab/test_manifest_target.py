"""The target file of the reference system: as the manifests are, and as `zweitherz doctor --target` takes it."""

from __future__ import annotations

import os
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from chaos.ability import lacking
from chaos.drivers import driver_for
from lab import manifest_files, manifest_target
from targets.read import read_target
from tests.deploy.kubernetes.manifests import SITES, build, copy_with_files, one, plain

ADDRESSES = {"fra": "172.18.0.2", "gra": "172.18.0.5"}


def test_it_names_what_is_there(tmp_path: Path) -> None:
    manifest_files.make(tmp_path)
    target = read_target(manifest_target.write(tmp_path, "t1", ADDRESSES))
    assert target.service.ca_file.is_file()
    assert target.secrets.token_key_file.stat().st_mode & 0o077 == 0
    kubernetes = target.kubernetes
    assert kubernetes is not None
    programs = {Path(command[0]).name for command in kubernetes.commands.model_dump(exclude_none=True).values()}
    assert programs == {each.name for each in manifest_target._COMMANDS.iterdir() if os.access(each, os.X_OK)}
    assert {each.namespace for each in kubernetes.workloads.values()} == set(kubernetes.namespaces)


def test_its_workloads_are_built(tmp_path: Path) -> None:
    folder = copy_with_files(tmp_path / "kubernetes")
    own = manifest_target.describe(tmp_path, "t1", ADDRESSES)["kubernetes"]["workloads"].values()
    for site in SITES:
        built = {
            (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in build(folder, site)
        }
        assert {(each["kind"], each["namespace"], each["name"]) for each in own} <= built


def test_what_its_servers_may_be_deployed_as_is_there(tmp_path: Path) -> None:
    """The Secret by its very name, with the keys of the one whose place it takes. That the image is loaded says test_raise.py."""
    folder = copy_with_files(tmp_path / "kubernetes")
    given = manifest_target.describe(tmp_path, "t1", ADDRESSES)["kubernetes"]["deployments"]
    for site in SITES:
        built = build(folder, site)
        pod = one(built, "Deployment", "vitals", "vitals")["spec"]["template"]["spec"]
        taken = {each["name"]: each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each}
        valid = one(built, "Secret", taken[given["expired_certificate"]["volume"]], "vitals")["data"]
        expired = one(built, "Secret", given["expired_certificate"]["secret"], "vitals")["data"]
        assert valid.keys() == expired.keys()
        ends = [
            x509.load_pem_x509_certificate(b64decode(each["vitals.pem"])).not_valid_after_utc
            for each in (expired, valid)
        ]
        assert ends[0] < datetime.now(UTC) < ends[1]
        assert given["old_release"]["container"] in {each["name"] for each in pod["containers"]}


def test_its_port_is_the_balancers(tmp_path: Path) -> None:
    (port,) = (
        port["nodePort"]
        for each in plain()
        if each["kind"] == "Service"
        for port in each["spec"]["ports"]
        if port.get("nodePort") == 30443
    )
    assert manifest_target.describe(tmp_path, "t1", ADDRESSES)["service"]["port"] == port


def test_a_site_can_be_lost_there_and_an_entry_cannot_be_wrong(tmp_path: Path) -> None:
    driver = driver_for(read_target(manifest_target.write(tmp_path, "t1", ADDRESSES)))
    assert lacking(driver, "site-loss") == []
    assert lacking(driver, "certificate-expired") == lacking(driver, "release-old") == []
    assert lacking(driver, "volume-full") == ["kubernetes.chaos_mesh.volume_path is not given"]
    assert lacking(driver, "dns-wrong") == ["the target file has no section dns"]


def test_a_site_without_an_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"addresses of fra .needed: fra, gra"):
        manifest_target.describe(tmp_path, "t1", {"fra": "172.18.0.2"})
