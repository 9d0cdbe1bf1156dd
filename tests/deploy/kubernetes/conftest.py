"""The manifests of both sites, built once; the operators' programs, laid out for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.drivers.commands import CommandDriver
from tests.deploy.kubernetes import operators
from tests.deploy.kubernetes.manifests import SITES, Document, build, copy_with_files


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """deploy/kubernetes with the files that up.sh makes."""
    return copy_with_files(tmp_path_factory.mktemp("manifests") / "kubernetes")


@pytest.fixture(scope="session")
def built(folder: Path) -> dict[str, list[Document]]:
    """By site; skips where kubectl is absent."""
    return {site: build(folder, site) for site in SITES}


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandDriver:
    """Of the reference system, by its programs in `commands`."""
    return operators.lay_out(tmp_path, monkeypatch)
