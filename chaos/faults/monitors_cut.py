"""The network of a site's monitors is cut: from there, everything looks down.

::

    inject    the driver takes their link down; the site itself stays as it is
    receipt   the witness cannot reach them any more, and reaches the site
    undo      the driver takes their link up again
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

_WITHIN_S = 10.0


def subject(site: str) -> str:
    """What the witness calls them."""
    return f"monitors-{site}"


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    context.driver.set_monitors_link(fault.site, "down")


def _receipt(context: Context, fault: Fault | Condition) -> int:
    """Cut, and not dead: what stands in the same site is still reached."""
    observer, of = context.observer, subject(fault.site)
    context.guards.wait_until(
        lambda: observer.lost_since(of, context.t_command) is not None or not observer.alive, _WITHIN_S, every_s=0.05
    )
    t0 = observer.lost_since(of, context.t_command)
    if t0 is None:
        raise NoReceipt(f"no receipt within {_WITHIN_S:g} s: the witness still reaches {of}")
    if observer.sees(fault.site) is not True:
        raise NoReceipt(f"the witness does not reach {fault.site} either: that is another fault")
    return t0


def _undo(driver: Driver, parameters: Mapping[str, str]) -> None:
    driver.set_monitors_link(parameters["site"], "up")


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    of = subject(parameters["site"])
    context.await_seen(lambda: context.observer.sees(of) is True, _WITHIN_S, of)


MONITORS_CUT = Kind(
    name="monitors-cut",
    about="the network of a site's monitors is cut; the site itself is well",
    proof="three connections in a row to the monitors failed, while the site was reached; the time is the first one's",
    needs=("set_monitors_link",),
    inverse="mend-monitors",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=_undo,
    lifted=_lifted,
)
