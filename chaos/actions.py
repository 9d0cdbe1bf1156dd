"""The activities of our experiments, as Chaos Toolkit calls them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from chaoslib.exceptions import ActivityFailed

from chaos import faults, hand_over, inverses, people, undo
from chaos.context import Context, current
from chaos.guards import Aborted
from chaos.live import NoFigures, read_live
from results.plan import Condition, Fault

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
def set_conditions() -> list[str]:
    """Break what the plan wants broken before the fault; each is seen to be so."""
    context = current()
    before = [condition for condition in context.plan.conditions if condition.after_s is None]
    for condition in before:
        _break(context, condition, "condition")
    return [condition.name for condition in before]


@_guarded
def inject() -> dict[str, int]:
    """Inject the fault and wait for its receipt. Without a receipt the experiment ends here."""
    context = current()
    context.enter("loss")
    if context.people.steps and context.plan.takeover == "observe":
        undo.owe(context.run, context.clock, people.INVERSE, {"site": context.plan.fault.survivor}, "people are asked")
        context.driver.ask_people(context.people.steps)
    t0 = _break(context, context.plan.fault, "fault")
    later = [condition for condition in context.plan.conditions if condition.after_s is not None]
    context.later = [(t0 + int((condition.after_s or 0) * 1e9), condition) for condition in later]
    return {"t0": t0}


def _break(context: Context, fault: Fault | Condition, event: str) -> int:
    """Owe the inverse, act, see the effect. Returns since when it shows; events are ``<event>.command``, ``<event>.receipt``."""
    kind = faults.fault(fault.name)
    parameters = kind.owed(fault)
    undo.owe(context.run, context.clock, kind.inverse, parameters, f"{fault.name} on {_subject(fault)}")
    context.t_command = context.clock.now_ns()
    context.timeline.write(
        f"{event}.command", _subject(fault), t_ns=context.t_command, fault=fault.name, parameters=parameters
    )
    try:
        kind.inject(context, fault)
        since = kind.receipt(context, fault)
    except Aborted:
        raise
    except (OSError, RuntimeError) as error:  # NoReceipt, or an order that the target did not carry out
        context.timeline.write(f"{event}.receipt", _subject(fault), effective=False, fault=fault.name, proof=str(error))
        why = f"{fault.name} on {_subject(fault)}: {error}"
        context.guards.abort("no-receipt", why)
        raise Aborted(why) from error
    context.timeline.write(
        f"{event}.receipt", _subject(fault), t_ns=since, effective=True, fault=fault.name, proof=kind.proof
    )
    return since


def _subject(fault: Fault | Condition) -> str:
    return f"{fault.service}@{fault.site}" if fault.service and fault.site else fault.service or fault.site


@_guarded
def await_takeover() -> dict[str, Any]:
    """Let the target take over, or perform its runbook step by step; ends with the declaration or at the plan's limit."""
    context = current()
    context.enter("takeover")
    fault = context.plan.fault
    declaration = ("takeover", fault.takeover, fault.survivor, "declare", "end")

    def declared() -> bool:
        _look(context)
        return declaration in context.shown

    if context.plan.takeover == "perform":
        for step in _STEPS:
            context.guards.check()
            _await_approval(context, step)
            context.driver.perform(context.plan.fault.survivor, step)
            _look(context)
    else:
        context.guards.wait_until(declared, context.plan.phases.takeover_limit_s)
    return {"declared": declaration in context.shown, "steps": len(context.shown)}


@_guarded
def hold_fault() -> None:
    """The fault stays for a while, or is done again and again."""
    context = current()
    context.enter("fault")
    fault, left_s = context.plan.fault, context.plan.phases.fault_s
    again = faults.fault(fault.name).again if fault.every_s else None
    while again is not None and left_s > fault.every_s:
        _watch_for(context, fault.every_s)
        again(context, fault)
        context.timeline.write("fault.again", _subject(fault), fault=fault.name)
        left_s -= fault.every_s
    _watch_for(context, left_s)


@_guarded
def lift() -> dict[str, int]:
    """End the fault by its inverse, and see that it is gone. Conditions stay until the rollback."""
    context = current()
    kind = faults.fault(context.plan.fault.name)
    own = kind.owed(context.plan.fault)
    return _settle(context, lambda inverse: inverse.do == kind.inverse and inverse.parameters == own)


@_guarded
def hold_recovered() -> None:
    """Load goes on, so that one can see whether the service is back and stays so."""
    context = current()
    context.enter("recovered")
    _watch_for(context, context.plan.phases.recovered_s)


def _watch_for(context: Context, seconds: float) -> None:
    """So long, with an eye on the runbooks: what they do unasked belongs on the timeline."""

    def look() -> bool:
        _look(context)
        return False

    context.guards.wait_until(look, seconds, every_s=1.0)


@_guarded
def return_site() -> dict[str, int]:
    """The lost site comes back, with the data that it had, and follows the survivor. Ends when commits wait for it again."""
    context = current()
    context.enter("return")
    settled = lift()
    site, limit_s = context.plan.fault.site, context.plan.phases.return_s
    if not context.guards.wait_until(lambda: context.driver.mirrored(site), limit_s):
        raise RuntimeError(f"{site} is no mirror of {context.plan.fault.survivor} after {limit_s:g} s")
    context.timeline.write("mirror", site, state="follows")
    return settled


@_guarded
def hand_back() -> dict[str, Any]:
    """Make the site that was lost the active one again, as planned, while patients send."""
    context = current()
    fault = context.plan.fault
    context.enter("hand-over")
    parameters = hand_over.owed(fault.site, fault.survivor)
    undo.owe(context.run, context.clock, hand_over.INVERSE, parameters, f"hand-over to {fault.site}")
    context.timeline.write("hand-over.command", fault.site)
    try:
        context.driver.hand_over(fault.site)
    finally:
        _show_steps(context)  # also of one that failed
    return parameters


@_guarded
def hold_home() -> None:
    """Load goes on at the site that has the service back."""
    context = current()
    context.enter("home")
    _watch_for(context, context.plan.phases.home_s)


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
    return _settle(current(), lambda _: True)


def _settle(context: Context, wanted: Callable[[undo.Inverse], bool]) -> dict[str, int]:
    """Carry out the inverses that are owed and wanted, and see each of them work."""

    def carry_out(inverse: undo.Inverse) -> None:
        way = inverses.way(inverse.do)
        way.undo(context.driver, inverse.parameters)
        way.seen(context, inverse.parameters)
        if way.fault:
            subject = inverse.parameters.get("service") or inverse.parameters["site"]
            context.timeline.write("fault.lifted", subject, fault=way.fault)

    replay = undo.replay(context.run, context.clock, carry_out, wanted)
    if replay.failed:
        raise ActivityFailed("; ".join(f"{inverse.do}: {why}" for inverse, why in replay.failed))
    return {"settled": len(replay.settled)}


def _look(context: Context) -> None:
    """What is due: later conditions, and the answers of people whom the runbook asked."""
    _show_steps(context)
    while context.later and context.clock.now_ns() >= context.later[0][0]:
        _break(context, context.later.pop(0)[1], "condition")
    for step, by, reason in context.people.answers():
        context.driver.approve(step, by, reason)


def _await_approval(context: Context, step: str) -> None:
    """Where the drill performs the runbook, it is the drill that waits for people."""
    if step not in context.people.steps:
        return
    of: dict[str, Any] = {"site": context.plan.fault.survivor, "cluster": context.plan.fault.takeover}
    context.people.asked(step, context.timeline.write("takeover.step", step, state="waits", **of).t_ns)
    while not (said := context.people.answers()):
        context.guards.wait(0.1)
    _, by, reason = said[0]
    context.timeline.write("takeover.step", step, state="approved", by=by, reason=reason, **of)


def _show_steps(context: Context) -> None:
    """Put the runbooks' new steps on the timeline."""
    for step in context.driver.takeover_steps():
        key = (step["procedure"], step["cluster"], step["site"], step["step"], step["state"])
        if key not in context.shown:
            context.shown.add(key)
            t_ns = context.clock.from_monotonic(step["t_monotonic_ns"])
            more: dict[str, Any] = {key: step[key] for key in ("why", "by", "reason", "server") if key in step}
            data = {"state": step["state"], "site": step["site"], "cluster": step["cluster"], **more}
            context.timeline.write(f"{step['procedure']}.step", step["step"], t_ns=t_ns, **data)
            if step["state"] == "waits":
                context.people.asked(step["step"], t_ns)
            context.tell({"step": step["step"], "cluster": step["cluster"], "state": step["state"], "t_ns": t_ns})
