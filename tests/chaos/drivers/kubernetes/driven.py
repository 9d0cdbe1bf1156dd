"""The driver over a lab that speaks Kubernetes, as tests use it."""

from __future__ import annotations

from typing import Any

import requests

from chaos.drivers.kubernetes.driver import KubernetesDriver
from chaos.drivers.lab import LabDriver
from tests.lab.running import RunningLab


def driver(own: RunningLab, **changes: Any) -> KubernetesDriver:
    """The lab's, with changes to its section of the target."""
    assert own.target.kubernetes is not None
    assert own.target.control is not None
    section = own.target.kubernetes.model_copy(update=changes)
    return KubernetesDriver(section, LabDriver(own.target, own.target.control))


def serves(own: RunningLab, site: str) -> bool:
    """Whether it takes an upload."""
    try:
        return own.upload(site=site, timeout_s=5).status_code == 201
    except requests.RequestException:
        return False


def processes(own: RunningLab, site: str) -> set[str]:
    """Names of those that run there."""
    return {each["name"] for each in own.control.call("services", site=site)["services"] if each["running"]}
