"""Creating and deleting TimeChaos, as if Chaos Mesh were installed: the servers are started anew with another clock.

Chaos Mesh changes the clock of processes that run; here they are replaced one after the other, because the lab's servers are told
their clock when they start. A duration is kept: the effect ends by itself, whether anybody deletes the object or not.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from lab.kubernetes.asked import Asked
from lab.kubernetes.creation import created
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.objects.time_chaos import checked
from lab.kubernetes.refusal import not_found, not_stood_in_for
from lab.kubernetes.standing import Standing
from lab.kubernetes.wanted import TimeChaos
from lab.kubernetes.workloads import Workload


def create(standing: Standing, asked: Asked, body: Object) -> None:
    """Have its effect begin. Raises Refusal 400, 404, 409, 422 or 501."""
    held, product = standing.wanted.chaos, _product(standing)
    made = created(asked, body, standing.namespaces, held)
    one = checked(made, body.get("spec"), product)
    if held:
        raise not_stood_in_for("more than one TimeChaos at a time")
    held[made["namespace"], made["name"]] = one
    _set_clock(standing, product, one.offset_s)
    if one.duration_s is not None:
        asyncio.get_running_loop().call_later(one.duration_s, _stop, standing, one)


def end(standing: Standing, asked: Asked) -> None:
    """Have its effect end; it is gone when no pod has it any more. Raises Refusal 404."""
    one = standing.wanted.chaos.get((str(asked.namespace), str(asked.name)))
    if one is None:
        raise not_found("timechaos.chaos-mesh.org", str(asked.name))
    one.deleted_s = one.deleted_s or time.time()
    _stop(standing, one)


def _stop(standing: Standing, one: TimeChaos) -> None:
    if one.runs and one in standing.wanted.chaos.values():
        one.runs = False
        _set_clock(standing, _product(standing), 0)


def _set_clock(standing: Standing, product: Workload, ahead_s: float) -> None:
    standing.orders.deploy(product, replace(standing.wanted.scale(product).deployment, clock_s=ahead_s))


def _product(standing: Standing) -> Workload:
    return next(each for each in standing.wanted.workloads if each.is_product)
