"""The manifests as data: single files as they are, and each site as `kubectl kustomize` builds it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lab import manifest_files

HOME = Path(__file__).resolve().parent.parent.parent.parent
FOLDER = HOME / "deploy" / "kubernetes"
SITES = ("fra", "gra")
# one YAML file each; clusters/ is read by kind, kustomization.yaml by kustomize
PLAIN = sorted(
    path for part in ("base", "drill") for path in (FOLDER / part).rglob("*.yaml") if path.name != "kustomization.yaml"
)
Document = dict[str, Any]  # YAML


def read(text: str) -> list[Document]:
    return [document for document in YAML(typ="safe", pure=True).load_all(text) if document]


def plain() -> list[Document]:
    """Every document of every file, before kustomize."""
    return [document for path in PLAIN for document in read(path.read_text())]


def copy_with_files(into: Path) -> Path:
    """The folder of the manifests with what up.sh would make; nothing of it comes into the clone."""
    shutil.copytree(FOLDER, into, ignore=shutil.ignore_patterns("made"))
    manifest_files.make(into / "secrets" / "made")
    return into


def build(folder: Path, site: str) -> list[Document]:
    """What would be applied at a site."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed: overlays are not built, only their parts are checked")
    done = subprocess.run(
        [kubectl, "kustomize", folder / "sites" / site], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return read(done.stdout)


def templates(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    """Every pod template, with the name of what makes pods of it."""
    for document in documents:
        if document["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            yield f"{document['kind']}/{document['metadata']['name']}", document["spec"]["template"]


def containers(template: Document) -> list[Document]:
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def one(documents: list[Document], kind: str, name: str, namespace: str | None = None) -> Document:
    """That one; with generated names, the one whose name begins so."""
    (found,) = (
        each
        for each in documents
        if each["kind"] == kind
        and each["metadata"]["name"] == name
        and namespace in (None, each["metadata"].get("namespace"))
    )
    return found
