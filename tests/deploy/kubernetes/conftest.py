"""The manifests of both sites, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.kubernetes.manifests import SITES, Document, build, copy_with_files


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """deploy/kubernetes with the files that up.sh makes."""
    return copy_with_files(tmp_path_factory.mktemp("manifests") / "kubernetes")


@pytest.fixture(scope="session")
def built(folder: Path) -> dict[str, list[Document]]:
    """By site; skips where kubectl is absent."""
    return {site: build(folder, site) for site in SITES}
