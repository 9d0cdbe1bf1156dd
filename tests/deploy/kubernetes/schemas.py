"""Documents held against Kubernetes' own schemas, unknown keys refused."""

from __future__ import annotations

import re

import kubernetes_validate
from kubernetes_validate.utils import all_versions

from tests.deploy.kubernetes.manifests import Document


def newest_minors(count: int = 3) -> list[str]:
    """As the installed package knows them, oldest first: 1.35, 1.36, 1.37."""
    minors = {re.sub(r"^(\d+\.\d+).*", r"\1", version) for version in all_versions()}
    return sorted(minors, key=lambda minor: [int(part) for part in minor.split(".")])[-count:]


def fault(document: Document, minor: str) -> str:
    """What the schema of that minor does not allow in it; empty: nothing."""
    try:
        used = kubernetes_validate.validate(document, minor, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(str(part) for part in error.path)}: {error.message.splitlines()[0][:300]}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    assert used == minor, f"judged by {used}, not by {minor}"
    return ""
