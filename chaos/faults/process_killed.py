"""A process gets SIGKILL, once or again and again, as when a node ends its memory; what is started again by itself, is.

::

    inject    the driver kills all processes of the service
    receipt   the process table: the PID that was killed is not the service any more
    undo      the driver lets it run
"""

from __future__ import annotations

from chaos.context import Context
from chaos.faults import service_down
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault


def kill(context: Context, fault: Fault | Condition) -> None:
    """Also of `database_killed`."""
    context.killed[f"{fault.service}@{fault.site}"] = context.driver.kill_service(fault.site, fault.service)


def _again(context: Context, fault: Fault | Condition) -> None:
    """What is down just now has not been started again yet: that is part of the fault."""
    if context.driver.service_pid(fault.site, fault.service) is not None:
        kill(context, fault)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    seen = context.clock.now_ns()
    killed = context.killed[f"{fault.service}@{fault.site}"]
    if context.driver.service_pid(fault.site, fault.service) == killed:
        raise NoReceipt(f"the process table shows {fault.service} with the PID {killed} that was killed")
    return seen


PROCESS_KILLED = Kind(
    name="process-killed",
    about="a service's processes get SIGKILL, once or again and again",
    proof="the process table: the PID that was killed is not the service any more",
    needs=("kill_service", "service_pid", "set_service", "service_state"),
    inverse="start-service",
    owed=service_down.owed,
    inject=kill,
    receipt=_receipt,
    undo=service_down.run,
    lifted=service_down.runs,
    again=_again,
    services=("server", "analysis", "balancer"),
)
