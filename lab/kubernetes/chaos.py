"""Creating and deleting objects of Chaos Mesh, as if it were installed.

TimeChaos starts the servers anew with another clock, one after the other: Chaos Mesh changes the clock of processes that run, and
the lab's servers are told theirs when they start. NetworkChaos makes the private link slow or lossy, IOChaos fills the volume
of the database. A duration is kept: the effect ends by itself, whether anybody deletes the object or not.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from lab.kubernetes.asked import Asked
from lab.kubernetes.creation import created
from lab.kubernetes.objects import io_chaos, network_chaos, time_chaos
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import not_found, not_stood_in_for
from lab.kubernetes.standing import Standing
from lab.kubernetes.wanted import Chaos, TimeChaos
from lab.kubernetes.workloads import Workload
from lab.model import PRIVATE, SITES


def create(standing: Standing, asked: Asked, body: Object) -> None:
    """Have its effect begin; its status says when it has. Raises Refusal 400, 404, 409, 422 or 501."""
    held, plural = standing.wanted.chaos, asked.resource.plural
    of_its_kind = {key[1:] for key in held if key[0] == plural}
    made = created(asked, body, standing.namespaces, of_its_kind)
    one = _checked(standing, plural, made, body.get("spec"))
    if of_its_kind:
        raise not_stood_in_for(f"more than one {asked.resource.kind} at a time")
    held[plural, made["namespace"], made["name"]] = one
    _enforce(standing, one)
    if one.duration_s is not None:
        asyncio.get_running_loop().call_later(one.duration_s, _stop, standing, one)


def end(standing: Standing, asked: Asked) -> None:
    """Have its effect end; it is gone when nothing has it any more. Raises Refusal 404."""
    plural = asked.resource.plural
    one = standing.wanted.chaos.get((plural, str(asked.namespace), str(asked.name)))
    if one is None:
        raise not_found(f"{plural}.chaos-mesh.org", str(asked.name))
    one.deleted_s = one.deleted_s or time.time()
    _stop(standing, one)


def _checked(standing: Standing, plural: str, made: Object, spec: object) -> Chaos:
    if plural == "timechaos":
        return time_chaos.checked(made, spec, _product(standing))
    if plural == "iochaos":
        if not standing.options.volume_mb:
            raise not_stood_in_for("IOChaos where the databases stand on the machine's own disk (lab.volume_mb is 0)")
        return io_chaos.checked(made, spec, standing.database)
    (other,) = (each for each in SITES if each != standing.site)
    return network_chaos.checked(made, spec, PRIVATE[other])


def _stop(standing: Standing, one: Chaos) -> None:
    if one.runs and one in standing.wanted.chaos.values():
        one.runs = False
        _enforce(standing, one)


def _enforce(standing: Standing, one: Chaos) -> None:
    """Have what is so become what the object says, whether it runs or has ended."""
    if isinstance(one, TimeChaos):
        product = _product(standing)
        deployment = replace(standing.wanted.scale(product).deployment, clock_s=one.offset_s if one.runs else 0)
        standing.orders.deploy(product, deployment)
    else:
        standing.orders.take_up_chaos()


def _product(standing: Standing) -> Workload:
    return next(each for each in standing.wanted.workloads if each.is_product)
