"""Creating and deleting ResourceQuotas of pods; any other kind is refused."""

from __future__ import annotations

from typing import Any

from lab.kubernetes.asked import Asked
from lab.kubernetes.creation import created
from lab.kubernetes.objects.quotas import PODS
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal, not_found, not_stood_in_for
from lab.kubernetes.standing import Standing


def create(standing: Standing, asked: Asked, body: Object) -> None:
    """Have it hold. Raises Refusal 400, 404, 409, 422 or 501."""
    held = standing.wanted.quotas
    made = created(asked, body, standing.namespaces, held)
    held[made["namespace"], made["name"]] = {"metadata": made, "spec": {"hard": {PODS: _hard(body.get("spec"))}}}


def end(standing: Standing, asked: Asked) -> None:
    """It holds no more, and what it kept from being made is made. Raises Refusal 404."""
    if standing.wanted.quotas.pop((str(asked.namespace), str(asked.name)), None) is None:
        raise not_found("resourcequotas", str(asked.name))
    standing.orders.admit(str(asked.namespace))


def _hard(spec: Any) -> str:  # whatever JSON was sent
    hard = spec.get("hard") if isinstance(spec, dict) else None
    if not isinstance(hard, dict) or not hard:
        raise Refusal(422, "spec.hard: required")
    if other := sorted([*(set(hard) - {PODS}), *(set(spec) - {"hard"})]):
        raise not_stood_in_for(f"a quota of {', '.join(other)}: the lab counts pods")
    limit = hard[PODS]
    if isinstance(limit, bool) or not isinstance(limit, int | str) or not str(limit).isdigit():
        raise Refusal(422, f"spec.hard.pods {limit!r}: must be a whole number, 0 or more")
    return str(limit)
