"""A mirror does not follow any more, and falls behind further and further; nobody waits for it where replication is asynchronous.

::

    inject    the driver cuts the mirror's database off from the one that it follows
    receipt   it does not receive, and what it lacks grows
    undo      the driver lets it follow again
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 15.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.cut_mirror(fault.site)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    since = context.clock.now_ns()
    follows, grew = context.driver.mirror_lag(fault.site)
    if follows or grew <= 0:
        does = "receives" if follows else "does not receive"
        raise NoReceipt(f"the mirror at {fault.site} {does}, and lacks {grew} bytes more after a second")
    return since


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.let_mirror_follow(parameters["site"])


def _lifted(_: Context, __: Mapping[str, str]) -> None:
    """What has been promoted meanwhile follows nobody: that the setting is gone is all there is, and the order says so."""


MIRROR_BEHIND = Kind(
    name="mirror-behind",
    about="a mirror's database does not follow any more, and falls behind",
    proof="the mirror received nothing, and lacked more after a second than before",
    needs=("cut_mirror", "let_mirror_follow", "mirror_lag"),
    inverse="let-mirror-follow",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
