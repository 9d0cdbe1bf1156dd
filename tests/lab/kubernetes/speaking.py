"""A lab that speaks Kubernetes, as tests use it: by the official client, by kubectl, and by its own control socket."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client, config

from lab.launch import Up
from tests.lab.running import RunningLab, eventually

KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not in PATH: install it to run this test")


class SpeakingLab(RunningLab):
    """Contexts: fra, gra, fra-read-only, gra-read-only."""

    def __init__(self, up: Up) -> None:
        super().__init__(up)
        self.kubeconfig = self.folder / "kubeconfig"

    def api(self, context: str = "fra") -> client.ApiClient:
        return config.new_client_from_config(str(self.kubeconfig), context)

    def core(self, context: str = "fra") -> client.CoreV1Api:
        return client.CoreV1Api(self.api(context))

    def apps(self, context: str = "fra") -> client.AppsV1Api:
        return client.AppsV1Api(self.api(context))

    def networking(self, context: str = "fra") -> client.NetworkingV1Api:
        return client.NetworkingV1Api(self.api(context))

    def pods(self, app: str, context: str = "fra") -> dict[str, Any]:
        """By name."""
        found = self.core(context).list_namespaced_pod("vitals", label_selector=f"app={app}").items
        return {pod.metadata.name: pod for pod in found}

    def ready(self, app: str, context: str = "fra") -> int:
        """How many of its pods are."""
        return sum(
            condition.status == "True"
            for pod in self.pods(app, context).values()
            for condition in pod.status.conditions
            if condition.type == "Ready" and pod.metadata.deletion_timestamp is None
        )

    def broken(self) -> list[str]:
        """What does not run, and the product's database if nothing mirrors it."""
        pods = [pod for site in ("fra", "gra") for pod in self.core(site).list_pod_for_all_namespaces().items]
        broken = [f"pod {pod.metadata.name}: {pod.status.phase}" for pod in pods if pod.status.phase != "Running"]
        mirror = self.control.call("status")["databases"]["fra"].get("mirror")
        return broken if mirror == "gra" else [*broken, f"mirror: {mirror}"]

    def pids(self, site: str = "fra") -> dict[str, int]:
        """Of the processes that run there, by name, as the lab's own interface shows them."""
        return {
            each["name"]: each["pid"]
            for each in self.control.call("services", site=site)["services"]
            if each["running"]
        }

    def kubectl(self, *words: str, context: str = "fra", check: bool = True) -> str:
        """What it printed."""
        assert KUBECTL is not None
        done = subprocess.run(
            [KUBECTL, "--context", context, *words],
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if done.returncode == 0 else done.stdout + done.stderr


def refused(call: Callable[[], Any]) -> client.ApiException:
    """The refusal that the call ends with."""
    with pytest.raises(client.ApiException) as caught:
        call()
    return caught.value


__all__ = ["SpeakingLab", "eventually", "needs_kubectl", "refused"]
