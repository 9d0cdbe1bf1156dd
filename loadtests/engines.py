"""Which engine carries the attempts: by the plan's ``load.engine``."""

from __future__ import annotations

from loadtests.attempt import Engine
from loadtests.native import NativeEngine, Service
from results.clock import Clock
from results.plan import Plan
from targets.model import Target
from targets.read import BadTarget

_SHY_S = 30


def open_engine(plan: Plan, target: Target, clock: Clock) -> Engine:
    """The engine that the plan names."""
    service = Service(
        host=target.service.host,
        port=target.service.port,
        ca_file=target.service.ca_file,
        resolvers={each.name: (each.address, each.port) for each in target.resolvers},
        connect_timeout_s=plan.load.connect_timeout_s,
        request_timeout_s=plan.load.request_timeout_s,
        verify=plan.lab.defect != "trusting-phones",
        away_s=_SHY_S if plan.lab.defect == "shy-phones" else 0,
    )
    if plan.load.engine == "native":
        return NativeEngine(service, clock)
    if plan.load.engine == "rust":
        from loadtests.rust_engine import RustEngine  # noqa: PLC0415 - loads a runtime of its own: only when it is wanted

        if target.service.wildcard_host is None:
            raise BadTarget(f"target {target.name!r}: the engine 'rust' needs service.wildcard_host")
        return RustEngine(service, clock, target.service.wildcard_host.removeprefix("*."))
    from loadtests.gevent_engine import GeventEngine  # noqa: PLC0415 - patches this process: only when it is wanted

    return GeventEngine(service, clock)
