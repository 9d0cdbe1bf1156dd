"""Deleting and evicting pods, deleting policies."""

from __future__ import annotations

import time
from typing import Any

from lab.kubernetes.objects.shape import Object, moment
from lab.kubernetes.refusal import Refusal, not_found
from lab.kubernetes.standing import Standing
from lab.kubernetes.wanted import GRACE_S

_LONGEST_GRACE_S = 3600


def grace_s(*asked: Any) -> float:
    """The first that is given of those (of the body, of the query), else the pods' own. Raises Refusal 422."""
    given = next((each for each in asked if each is not None), GRACE_S)
    try:
        grace = float(given)
    except (TypeError, ValueError) as error:
        raise Refusal(422, f"gracePeriodSeconds {given!r}: must be a number") from error
    if not 0 <= grace <= _LONGEST_GRACE_S:
        raise Refusal(422, f"gracePeriodSeconds {given!r}: must be from 0 to {_LONGEST_GRACE_S}")
    return grace


def end_pod(standing: Standing, shown: Object, options: Object, grace: float) -> Object:
    """Order the end of the pod that is shown so; how it is shown from now on. Raises Refusal 404 or 409."""
    metadata = shown["metadata"]
    preconditions = options.get("preconditions") or {}
    for key in ("uid", "resourceVersion"):
        if preconditions.get(key) not in (None, metadata[key]):
            raise Refusal(409, f'pods "{metadata["name"]}": {key} is {metadata[key]}, not {preconditions[key]}')
    pod = standing.wanted.pod(metadata["namespace"], metadata["name"])
    if pod is None or pod.uid != metadata["uid"]:
        raise not_found("pods", metadata["name"])
    standing.orders.end(pod, grace)
    ending = {"deletionTimestamp": moment(time.time() + grace), "deletionGracePeriodSeconds": int(grace)}
    return {**shown, "metadata": {**metadata, **ending}}


async def end_policy(standing: Standing, namespace: str, name: str) -> None:
    """It holds no more. Raises Refusal 404."""
    if standing.wanted.policies.pop((namespace, name), None) is None:
        raise not_found("networkpolicies.networking.k8s.io", name)
    await standing.orders.enforce_policies()
