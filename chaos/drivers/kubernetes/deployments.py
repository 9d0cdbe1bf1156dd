"""The servers deployed otherwise, by way of their workload's template: another Secret for the certificate, another image.

What the template had is written on the workload before it is changed, so that any machine can put exactly that back. Nothing is
believed because it was patched: the rollout has to be seen to end, and what every server then shows is asked elsewhere.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from targets.kubernetes import Deployments, Kubernetes, Workload

BEFORE = "zweitherz/template-before"  # annotation: JSON, what `Taken` describes, as it was before a drill changed it
AS_IT_SHOULD_BE, CLOCK_AHEAD = "as-it-should-be", "clock-ahead"
_KEYS = {"expired-certificate": "expired_certificate", "old-release": "old_release"}  # deployment -> key of the target
OTHERWISE = (*_KEYS, CLOCK_AHEAD)
_ROLLED_OUT_WITHIN_S = 35
_LOOK_EVERY_S = 0.2

Taken = dict[str, dict[str, str]]  # "secrets": volume -> name of its Secret, "images": container -> image


def lacks(kubernetes: Kubernetes, server: Workload | None, deployment: str) -> str:
    """What a target lacks for that deployment; empty: nothing. `server`: None where it is no Deployment."""
    if server is None:
        return "kubernetes.workloads has no server that is a Deployment"
    if deployment == CLOCK_AHEAD:  # no template of pods has a word for it: see chaos_mesh
        return "" if kubernetes.chaos_mesh is not None else "kubernetes.chaos_mesh is not given"
    key = _KEYS[deployment]
    return "" if getattr(kubernetes.deployments, key) is not None else f"kubernetes.deployments.{key} is not given"


def wanted(given: Deployments, deployment: str) -> Taken:
    """What a template has to take for a deployment that is not lacking."""
    if deployment == "expired-certificate" and given.expired_certificate is not None:
        return {"secrets": {given.expired_certificate.volume: given.expired_certificate.secret}}
    if deployment == "old-release" and given.old_release is not None:
        return {"images": {given.old_release.container: given.old_release.image}}
    raise ValueError(f"deployment {deployment!r}: the target does not say what to take for it")


def deploy(cluster: Cluster, server: Workload, taken: Taken) -> int:
    """Have the server's pods made so; when the first one began to be replaced (CLOCK_MONOTONIC, ns).

    Returns when all of them are. Raises ClusterRefused: there is no such volume or container, the template is so already, its
    rollout could never end (then nothing is changed), or does not.
    """
    shown = cluster.deployment(server.namespace, server.name)
    now, former = _now(cluster, shown, taken), _former(shown)
    if now == taken and not former:
        raise ClusterRefused(f"{_named(cluster, shown)}: takes {_words(taken)} already: nothing would be another")
    if why := _never_ends(shown):
        raise ClusterRefused(f"{_named(cluster, shown)}: {why}")
    kept = {kind: {**now.get(kind, {}), **former.get(kind, {})} for kind in {*now, *former}}
    if kept != former:
        _annotate(cluster, server, json.dumps(kept, sort_keys=True))
    begun = time.monotonic_ns()
    _roll_out(cluster, server, taken)
    return begun


def put_back(cluster: Cluster, server: Workload) -> None:
    """Everything that drills have changed in the template as it was, seen to be rolled out; harmless when nothing was changed.

    Raises ClusterRefused.
    """
    if former := _former(cluster.deployment(server.namespace, server.name)):
        _roll_out(cluster, server, former)
        _annotate(cluster, server, None)


def _roll_out(cluster: Cluster, server: Workload, taken: Taken) -> None:
    ready = _count(cluster.deployment(server.namespace, server.name).status.ready_replicas)
    patched = cluster.patch_deployment(server.namespace, server.name, _body(taken))
    if (now := _now(cluster, patched, taken)) != taken:
        raise ClusterRefused(
            f"{_named(cluster, patched)}: takes {_words(now)} after it was told to take {_words(taken)}"
        )
    deadline = time.monotonic() + _ROLLED_OUT_WITHIN_S
    while True:
        shown = cluster.deployment(server.namespace, server.name)
        why = _unfinished(shown, patched.metadata.generation, ready) or _not_started(cluster, shown)
        if not why:
            return
        if _gave_up(shown) or time.monotonic() > deadline:
            within = "the cluster gave up" if _gave_up(shown) else f"not ended after {_ROLLED_OUT_WITHIN_S} s"
            raise ClusterRefused(f"{_named(cluster, shown)}: rollout of {_words(taken)}: {within}: {why}")
        threading.Event().wait(_LOOK_EVERY_S)


def _unfinished(shown: Any, generation: int, ready: int) -> str:  # V1Deployment
    """What is left to do; "": every pod is of the present template, and as many are ready as before (at a mirror: none)."""
    status, replicas = shown.status, _count(shown.spec.replicas)
    if _count(status.observed_generation) < generation:
        return f"generation {generation} was not taken up yet"
    updated, there, now_ready = map(_count, (status.updated_replicas, status.replicas, status.ready_replicas))
    if updated == there == replicas and now_ready >= min(ready, replicas):
        return ""
    said = f"{updated} of {replicas} pods are of the new template, {there - updated} of another, {now_ready} are ready"
    said += f" ({ready} before)"
    return said


def _not_started(cluster: Cluster, shown: Any) -> str:  # V1Deployment
    """Pods are counted as updated when they are made; "": all of them have started as well."""
    labels = shown.spec.selector.match_labels or {}
    pods = cluster.pods(shown.metadata.namespace, ",".join(f"{key}={value}" for key, value in sorted(labels.items())))
    waiting = [each.name for each in pods if not each.started]
    return f"{', '.join(waiting)}: not started, or not gone" if waiting else ""


def _never_ends(shown: Any) -> str:  # V1Deployment
    """Why a rollout would wait for ever, and so would the one that puts it back; "": it would not.

    A rolling update takes an old pod away only while enough others are ready, and at a mirror none ever is.
    """
    replicas, ready = _count(shown.spec.replicas), _count(shown.status.ready_replicas)
    strategy = shown.spec.strategy
    if ready >= replicas or (strategy is not None and strategy.type == "Recreate"):
        return ""
    rolling = strategy.rolling_update if strategy is not None else None
    most = str(rolling.max_unavailable if rolling is not None and rolling.max_unavailable is not None else "25%")
    unavailable = replicas * int(most.rstrip("%")) // 100 if most.endswith("%") else int(most)
    if unavailable >= replicas:
        return ""
    return (
        f"{ready} of {replicas} pods are ready: a rolling update with maxUnavailable {most} would wait for them for ever, "
        "as at a mirror, where none is (100% or Recreate would not)"
    )


def _gave_up(shown: Any) -> bool:  # V1Deployment
    return any(
        each.type == "Progressing" and each.status == "False" and each.reason == "ProgressDeadlineExceeded"
        for each in shown.status.conditions or []
    )


def _now(cluster: Cluster, shown: Any, taken: Taken) -> Taken:  # V1Deployment
    """What the template takes now in the places that `taken` names. Raises ClusterRefused when there is no such place."""
    spec = shown.spec.template.spec
    secrets = {each.name: each.secret.secret_name for each in spec.volumes or [] if each.secret is not None}
    found: Taken = {"secrets": secrets, "images": {each.name: each.image for each in spec.containers}}
    for kind, what in (("secrets", "volume that takes a Secret"), ("images", "container")):
        if missing := sorted(set(taken.get(kind, {})) - set(found[kind])):
            there = ", ".join(sorted(found[kind])) or "none"
            raise ClusterRefused(
                f"{_named(cluster, shown)}: no {what} is named {', '.join(missing)} (there are: {there})"
            )
    return {kind: {name: found[kind][name] for name in names} for kind, names in taken.items()}


def _former(shown: Any) -> Taken:  # V1Deployment
    said = (shown.metadata.annotations or {}).get(BEFORE)
    return {} if said is None else dict(json.loads(said))


def _annotate(cluster: Cluster, server: Workload, value: str | None) -> None:
    cluster.patch_deployment(server.namespace, server.name, {"metadata": {"annotations": {BEFORE: value}}})


def _body(taken: Taken) -> dict[str, Any]:  # a strategic merge patch: lists are merged by name
    spec: dict[str, Any] = {}
    if secrets := taken.get("secrets"):
        spec["volumes"] = [{"name": name, "secret": {"secretName": secret}} for name, secret in secrets.items()]
    if images := taken.get("images"):
        spec["containers"] = [{"name": name, "image": image} for name, image in images.items()]
    return {"spec": {"template": {"spec": spec}}}


def _named(cluster: Cluster, shown: Any) -> str:  # V1Deployment
    return f"context {cluster.context}: {shown.metadata.namespace}/{shown.metadata.name}"


def _words(taken: Taken) -> str:
    return ", ".join(f"{name}: {value}" for names in taken.values() for name, value in names.items())


def _count(number: int | None) -> int:
    return number or 0
