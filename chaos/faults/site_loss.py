"""A whole site is lost: private link, public link, processes, in a declared order (the order decides whether loss shows).

::

    inject    the driver kills the site
    receipt   the witness cannot reach the site's public address any more; t0 is the first probe that failed
    undo      the driver restores the site, as the mirror of whoever is active then
"""

from __future__ import annotations

from chaos import undo
from chaos.context import Context

RESTORE = "restore-site"
RECEIPT_WITHIN_S = 10.0


class NoReceipt(RuntimeError):
    """The order was carried out, and nothing shows that anything happened."""


def inject(context: Context) -> None:
    """Owe the inverse, then act. Returns when the order is carried out, whatever came of it."""
    fault = context.plan.fault
    undo.owe(context.run, context.clock, RESTORE, {"site": fault.site}, f"{fault.name} on {fault.site}")
    context.t_command = context.clock.now_ns()
    context.timeline.write(
        "fault.command", fault.site, t_ns=context.t_command, fault=fault.name, order=list(fault.order)
    )
    context.driver.kill_site(fault.site, fault.order, fault.pause_s)


def receipt(context: Context) -> int:
    """t0 in ns, as the witness saw it. Raises NoReceipt."""
    fault, observer = context.plan.fault, context.observer
    context.guards.wait_until(
        lambda: observer.lost_since(fault.site, context.t_command) is not None or not observer.alive,
        RECEIPT_WITHIN_S,
        every_s=0.05,
    )
    t0 = observer.lost_since(fault.site, context.t_command)
    if t0 is None:
        why = "the witness still reaches it" if observer.alive else "the witness has ended"
        context.timeline.write("fault.receipt", fault.site, effective=False, fault=fault.name, proof=why)
        raise NoReceipt(f"{fault.name} on {fault.site}: no receipt within {RECEIPT_WITHIN_S:g} s: {why}")
    proof = "three connections in a row from outside both sites failed; the time is the first one's"
    context.timeline.write("fault.receipt", fault.site, t_ns=t0, effective=True, fault=fault.name, proof=proof)
    return t0


def restore(context: Context, site: str) -> None:
    """The inverse. Raises RuntimeError when the witness does not see the site come back."""
    began = context.clock.now_ns()
    was_lost = context.observer.sees(site) is False
    context.driver.restore_site(site)
    if was_lost:
        deadline = context.clock.now_ns() + 30_000_000_000
        while context.observer.reachable_since(site, began) is None:
            if context.clock.now_ns() > deadline or not context.observer.alive:
                raise RuntimeError(f"restore {site}: the witness does not see it come back")
            context.guards.rest(0.05)
    context.timeline.write("fault.lifted", site, fault=context.plan.fault.name)
