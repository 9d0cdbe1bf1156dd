"""The namespace of a site's servers is full: not one pod more is admitted there; those that run go on.

::

    inject    the driver sets a quota of as many pods as there are
    receipt   one more server is asked for, and the cluster refuses its pod because of that quota
    undo      the driver takes the quota away
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 30.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.fill_quota(fault.site, full=True)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    since = context.clock.now_ns()
    if context.driver.admits_pod(fault.site):
        raise NoReceipt(f"one more server was asked for at {fault.site}, and its pod was admitted")
    return since


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.fill_quota(parameters["site"], full=False)


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.driver.admits_pod(site), _WITHIN_S, f"a further pod at {site}")


QUOTA_FULL = Kind(
    name="quota-full",
    about="the namespace of a site's servers is full: no further pod is admitted",
    proof="one more server was asked for, and the cluster refused its pod in so many words because of the quota",
    needs=("fill_quota", "admits_pod"),
    inverse="free-quota",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
