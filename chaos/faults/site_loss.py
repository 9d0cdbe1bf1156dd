"""A whole site is lost: private link, public link, processes, in a declared order (the order decides whether loss shows).

::

    inject    the driver kills the site, or (how: drain) moves everything off its nodes, which take nothing new
    receipt   the witness cannot reach the site's public address any more; t0 is the first probe that failed
    undo      the driver restores the site, as the mirror of whoever is active then
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.context import Context
from chaos.drivers import Driver
from chaos.faults.kind import Kind, NoReceipt
from results.plan import Condition, Fault

DRAIN = "drain"
RECEIPT_WITHIN_S = 10.0
BACK_WITHIN_S = 30.0


def _owed(fault: Fault | Condition) -> dict[str, str]:
    return {"site": fault.site}


def _inject(context: Context, fault: Fault | Condition) -> None:
    plan = context.plan.fault
    if fault.how == DRAIN:
        context.driver.drain_site(fault.site)
    else:
        context.driver.kill_site(fault.site, plan.order, plan.pause_s)


def _receipt(context: Context, fault: Fault | Condition) -> int:
    return unreachable_since(context, fault.site)


def unreachable_since(context: Context, site: str) -> int:
    """t0 in ns, as the witness saw it. Raises NoReceipt."""
    observer = context.observer
    context.guards.wait_until(
        lambda: observer.lost_since(site, context.t_command) is not None or not observer.alive,
        RECEIPT_WITHIN_S,
        every_s=0.05,
    )
    t0 = observer.lost_since(site, context.t_command)
    if t0 is None:
        why = "the witness still reaches it" if observer.alive else "the witness has ended"
        raise NoReceipt(f"no receipt within {RECEIPT_WITHIN_S:g} s: {why}")
    return t0


def restore(driver: Driver, parameters: Mapping[str, str]) -> None:
    """The site again, as the mirror of whoever is active."""
    driver.restore_site(parameters["site"])


def _lifted(context: Context, parameters: Mapping[str, str]) -> None:
    """Raises RuntimeError when the witness does not see the site come back."""
    context.await_seen(
        lambda: context.observer.sees(parameters["site"]) is not False, BACK_WITHIN_S, parameters["site"]
    )


SITE_LOSS = Kind(
    name="site-loss",
    about="a whole site is lost: private link, public link, every process",
    proof="three connections in a row from outside both sites failed; the time is the first one's",
    needs=("kill_site", "restore_site"),
    needs_by_how={DRAIN: ("drain_site",)},
    inverse="restore-site",
    owed=_owed,
    inject=_inject,
    receipt=_receipt,
    undo=restore,
    lifted=_lifted,
)
