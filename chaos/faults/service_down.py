"""A service is gone (stopped), or accepts and never answers (frozen).

::

    inject    the driver stops or freezes the service's processes
    receipt   the process table: no process, or every one of its processes stopped
    undo      the driver lets it run again
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 15.0


def owed(fault: Fault | Condition) -> dict[str, str]:
    """Of any fault that a service is undone from by letting it run."""
    return {"site": fault.site, "service": fault.service}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.set_service(fault.site, fault.service, fault.how)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    state = context.driver.service_state(fault.site, fault.service)
    if state != fault.how:
        raise NoReceipt(f"the process table shows {fault.service} {state}, not {fault.how}")
    return seen


def run(driver: Driver, parameters: Mapping[str, str]) -> None:
    """Let the service run again."""
    driver.set_service(parameters["site"], parameters["service"], "running")


def runs(context: Context, parameters: Mapping[str, str]) -> None:
    """Return when it does. Raises RuntimeError when that is not seen."""
    site, service = parameters["site"], parameters["service"]
    context.await_seen(lambda: context.driver.service_state(site, service) == "running", _WITHIN_S, service)


SERVICE_DOWN = Kind(
    name="service-down",
    about="a service is stopped, or frozen so that it accepts and never answers",
    proof="the process table: no process of the service, or each of them stopped",
    needs=("set_service", "service_state"),
    inverse="run-service",
    owed=owed,
    inject=_inject,
    receipt=_receipt,
    undo=run,
    lifted=runs,
    hows=("stopped", "frozen"),
    services=("sentry", "matomo", "oncall", "pager", "server", "analysis", "database"),
)
