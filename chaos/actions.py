"""The activities of our experiments, as Chaos Toolkit calls them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from chaoslib.exceptions import ActivityFailed

from chaos import undo
from chaos.context import Context, current
from chaos.faults import site_loss
from chaos.guards import Aborted
from chaos.live import NoFigures, read_live

_Activity = TypeVar("_Activity", bound=Callable[..., Any])  # an activity's arguments are JSON
_STEPS = ("detect", "fence", "promote", "dns", "declare")


def _guarded(activity: _Activity) -> _Activity:
    """A guard that trips fails this activity and every later one; rollbacks are played. Expected failures are one line.

    (Chaos Toolkit turns an InterruptExecution from inside a function into a failed activity, so it would say no more.)
    """

    @wraps(activity)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        context = current()
        try:
            context.guards.check()
            return activity(*args, **kwargs)
        except (OSError, RuntimeError) as error:  # Aborted is one of them
            raise ActivityFailed(" ".join(str(error).split())) from error

    return guarded  # type: ignore[return-value] # same signature, by wraps


@_guarded
def steady_state() -> bool:
    """Warm-up and steady phase; True when the uploads of the last 10 s were acknowledged as the plan asks."""
    context = current()
    phases = context.plan.phases
    context.enter("warm-up")
    context.guards.wait(phases.warm_up_s)
    context.enter("steady")
    context.guards.wait(phases.steady_s)
    try:
        ratio = read_live(context.run, context.clock.now_ns()).good_ratio_10s
    except NoFigures as error:
        raise ActivityFailed(str(error)) from error
    limit = context.plan.guards.steady_good_ratio
    if ratio is None or ratio < limit:
        shown = "no upload ended" if ratio is None else f"{ratio:.4f} of the uploads were acknowledged"
        context.guards.abort("steady-state", f"{shown} in the last 10 s before the fault (limit {limit:g})")
        context.guards.check()
    return True


@_guarded
def lose_site() -> dict[str, int]:
    """Inject the fault and wait for its receipt. Without a receipt the experiment ends here."""
    context = current()
    context.enter("loss")
    site_loss.inject(context)
    try:
        return {"t0": site_loss.receipt(context)}
    except site_loss.NoReceipt as error:
        context.guards.abort("no-receipt", str(error))
        raise Aborted(str(error)) from error


@_guarded
def await_takeover() -> dict[str, Any]:
    """Let the target take over, or perform its runbook step by step; ends with the declaration or at the plan's limit."""
    context = current()
    context.enter("takeover")
    shown: set[tuple[str, str]] = set()
    if context.plan.takeover == "perform":
        for step in _STEPS:
            context.guards.check()
            context.driver.perform(context.plan.fault.survivor, step)
            _show_steps(context, shown)
    else:
        context.guards.wait_until(
            lambda: "declare" in {step for step, state in _show_steps(context, shown) if state == "end"},
            context.plan.phases.takeover_limit_s,
        )
    declared = ("declare", "end") in shown
    return {"declared": declared, "steps": len(shown)}


@_guarded
def hold_recovered() -> None:
    """Load goes on, so that one can see whether the service is back and stays so."""
    context = current()
    context.enter("recovered")
    context.guards.wait(context.plan.phases.recovered_s)


@_guarded
def drain() -> bool:
    """No new readings; until every queue is empty, or the plan's time is over. True: all empty."""
    context = current()
    context.enter("drain")

    def empty() -> bool:
        try:
            live = read_live(context.run, context.clock.now_ns())
        except NoFigures:
            return False
        return live.drained

    drained = context.guards.wait_until(empty, context.plan.phases.drain_s)
    context.leave()
    return drained


@_guarded
def read_lost_volume() -> dict[str, Any]:
    """What the lost site's store held when it died, straight from its volume, before anything is restored."""
    context = current()
    site = context.plan.fault.site
    invoked = context.clock.now_ns()
    file = context.run / "readback" / f"{site}-volume.ndjson"
    file.parent.mkdir(exist_ok=True)
    answer = context.driver.read_store(site, file)
    proof = answer["proof"]
    context.timeline.write(
        "readback",
        site,
        path="volume",
        rows=proof["count"],
        complete=True,
        proof=proof,
        file=file.name,
        t_invoked=invoked,
        t_done=context.clock.now_ns(),
    )
    return dict(proof)


def restore() -> dict[str, int]:
    """Rollback: carry out every inverse that is owed, newest first. Fails when one of them does."""
    context = current()

    def carry_out(inverse: undo.Inverse) -> None:
        if inverse.do != site_loss.RESTORE:
            raise RuntimeError(f"inverse {inverse.do!r} is unknown")
        site_loss.restore(context, inverse.parameters["site"])

    replay = undo.replay(context.run, context.clock, carry_out)
    if replay.failed:
        raise ActivityFailed("; ".join(f"{inverse.do}: {why}" for inverse, why in replay.failed))
    return {"settled": len(replay.settled)}


def _show_steps(context: Context, shown: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Put the runbook's new steps on the timeline; returns all (step, state) seen so far."""
    for step in context.driver.takeover_steps():
        key = (step["step"], step["state"])
        if key not in shown:
            shown.add(key)
            t_ns = context.clock.from_monotonic(step["t_monotonic_ns"])
            more = {"why": step["why"]} if "why" in step else {}
            context.timeline.write(
                "takeover.step", step["step"], t_ns=t_ns, state=step["state"], site=step["site"], **more
            )
            context.tell({"step": step["step"], "state": step["state"], "t_ns": t_ns})
    return shown
