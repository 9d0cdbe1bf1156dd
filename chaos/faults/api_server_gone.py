"""The Kubernetes API of a site cannot be reached; everything that runs there goes on, or should.

::

    inject    the driver makes it unreachable; refused where it did not answer before, as nothing would be proven then
    receipt   three new connections of ours in a row did not come about; the time is that of the first one
    undo      the driver makes it reachable again
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_CONFIRM = 3
_GONE_WITHIN_S = 20.0
_BACK_WITHIN_S = 30.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    if not context.driver.api_server_answers(fault.site):
        raise NoReceipt(f"the Kubernetes API of {fault.site} does not answer before anything is done to it")
    context.driver.set_api_server(fault.site, "stopped")


def _receipt(context: Context, fault: Fault | Condition) -> int:
    failed: list[int] = []

    def gone() -> bool:
        asked = context.clock.now_ns()
        if context.driver.api_server_answers(fault.site):
            failed.clear()
        else:
            failed.append(asked)
        return len(failed) == _CONFIRM

    if not context.guards.wait_until(gone, _GONE_WITHIN_S, every_s=0.1):
        raise NoReceipt(f"no receipt within {_GONE_WITHIN_S:g} s: the Kubernetes API of {fault.site} still answers")
    return failed[0]


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.set_api_server(parameters["site"], "running")


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.driver.api_server_answers(site), _BACK_WITHIN_S, f"Kubernetes API of {site}")


API_SERVER_GONE = Kind(
    name="api-server-gone",
    about="the Kubernetes API of a site cannot be reached, and what runs there runs on",
    proof="three new connections to it in a row did not come about; the time is the first one's",
    needs=("set_api_server", "api_server_answers"),
    inverse="start-api-server",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
