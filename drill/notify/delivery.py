"""Tells all channels at the same time, within one bound, and writes down what became of it: ``notices.jsonl`` of the run.

The timeline is closed by then and its digest taken, so these events (kind ``notice``; subject: the channel; data: state
``delivered | failed``, attempts, why) have a file of their own, which is no evidence of the drill.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from drill.notify.configuration import Mail, Notify, Webhook
from drill.notify.mail import send
from drill.notify.notice import Notice
from drill.notify.patience import GivenUp, persist
from drill.notify.webhook import post
from results import canaries
from results import run as runs
from results.clock import Clock
from results.timeline import Event
from targets.model import NoSecret

FILE = "notices.jsonl"
_GRACE_S = 1.0  # beyond the bound, for an attempt that is about to end by itself


@dataclass(frozen=True)
class Delivery:
    """What became of one channel's notice; `why` is empty where it was delivered."""

    channel: str
    attempts: int
    why: str = ""


def notify(notice: Notice, configuration: Notify, run: Path) -> list[str]:
    """Tell everybody who wants to be told; one line for each channel that could not be. Raises nothing because of a receiver."""
    channels = [each for each in configuration.channels if each.when == "always" or notice.state != "pass"]
    if canary := canaries.find(notice.text, runs.tag(run.name)):
        why = f"withheld: a patient's value in it ({canary.name} {canary.masked})"
        deliveries = [Delivery(channel.name, 0, why) for channel in channels]
    else:
        deliveries = _all(channels, notice, configuration.within_s)
    failed = [f"{each.channel} was not told: {each.why}" for each in deliveries if each.why]
    try:
        _write_down(run, deliveries)
    except OSError as error:
        failed.append(f"{FILE}: {error.strerror}")
    return failed


def _all(channels: Sequence[Webhook | Mail], notice: Notice, within_s: float) -> list[Delivery]:
    """A thread each, not waited for beyond the bound: neither a resolver nor a receiver that drips holds up the drill's end."""
    told: dict[str, Delivery] = {}
    ended = threading.Condition()

    def tell(channel: Webhook | Mail) -> None:
        delivery = _one(channel, notice, within_s)
        with ended:
            told[channel.name] = delivery
            ended.notify()

    for channel in channels:
        threading.Thread(target=tell, args=(channel,), name=f"notify-{channel.name}", daemon=True).start()
    with ended:
        ended.wait_for(lambda: len(told) == len(channels), within_s + _GRACE_S)
        late = f"no end within {within_s:g} s"
        return [told.get(channel.name, Delivery(channel.name, 1, late)) for channel in channels]


def _one(channel: Webhook | Mail, notice: Notice, within_s: float) -> Delivery:
    attempt: Callable[[float], None]
    if isinstance(channel, Webhook):
        attempt = lambda left_s: post(channel, notice, left_s)  # noqa: E731 - one line each, side by side
    else:
        attempt = lambda left_s: send(channel, notice, left_s)  # noqa: E731
    try:
        return Delivery(channel.name, persist(attempt, within_s))
    except GivenUp as error:
        return Delivery(channel.name, error.attempts, str(error))
    except (NoSecret, ValueError) as error:
        return Delivery(channel.name, 0, str(error))


def _write_down(run: Path, deliveries: Sequence[Delivery]) -> None:
    """Raises OSError."""
    clock = Clock.anchored_now()
    with (run / FILE).open("a", encoding="utf-8") as file:
        for each in deliveries:
            data = {"state": "failed" if each.why else "delivered", "attempts": each.attempts, "why": each.why}
            event = Event(clock.now_ns(), "notify", "notice", each.channel, data)
            file.write(json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":")) + "\n")
