"""The channels to the people on duty (`lab.oncall`), each a process in the providers' network, outside both sites."""

from __future__ import annotations

import sys
from pathlib import Path

from lab import model, pki
from lab.model import Options, Process, Ready


def deliveries(options: Options, channel: str) -> Path:
    """Where a channel writes down what it received: one JSON object for each alert of each delivery."""
    return options.state / f"{channel}.jsonl"


def channels(options: Options) -> list[Process]:
    """HTTPS, each at its own name."""
    return [_channel(options, name) for name in model.ONCALL]


def _channel(options: Options, channel: str) -> Process:
    keys = pki.keys(options.state)
    _, address = model.ONCALL[channel]
    return Process(
        name=f"dns/{channel}",
        zone="dns",
        argv=(
            *(sys.executable, "-m", "lab.oncall", address, str(model.HTTPS)),
            *(str(keys.oncall), str(keys.token("oncall.token")), str(deliveries(options, channel))),
        ),
        ready=Ready(tcp=(address, model.HTTPS)),
        restart=True,
    )
