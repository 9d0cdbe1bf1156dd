"""A whole site disappears from the network and keeps running, as when an excavator finds the fibres: cut, and not dead.

::

    inject    the driver takes the site's private and public links down
    receipt   the witness cannot reach the site any more, while its application server still runs
    undo      the driver restores the site, as the mirror of whoever is active then
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.faults.kind import Kind, NoReceipt
from chaos.faults.site_loss import BACK_WITHIN_S, restore, unreachable_since
from results.plan import Condition, Fault

_LINKS = ("private-link", "public-link")
_ALIVE = "server"


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.kill_site(fault.site, _LINKS, context.plan.fault.pause_s)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    t0 = unreachable_since(context, fault.site)
    state = context.driver.service_state(fault.site, _ALIVE)
    if state != "running":
        raise NoReceipt(f"the application server of {fault.site} is {state}: that is another fault")
    return t0


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    site = parameters["site"]
    context.await_seen(lambda: context.observer.sees(site) is True, BACK_WITHIN_S, site)


SITE_CUT = Kind(
    name="site-cut",
    about="a whole site disappears from the network, and everything in it keeps running",
    proof="three connections in a row from outside both sites failed, while its application server runs; the time is the "
    "first one's",
    needs=("kill_site", "restore_site", "service_state"),
    inverse="reconnect-site",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=restore,
    lifted=_lifted,
)
