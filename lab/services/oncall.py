"""The channel to the people on duty (`lab.oncall`), as a process in the providers' network, outside both sites."""

from __future__ import annotations

import sys

from lab import model, pki
from lab.model import Options, Process, Ready

DELIVERIES = "oncall.jsonl"


def service(options: Options) -> Process:
    """HTTPS at its own name; deliveries are in ``<state>/oncall.jsonl``."""
    keys = pki.keys(options.state)
    _, address = model.ONCALL
    return Process(
        name="dns/oncall",
        zone="dns",
        argv=(
            *(sys.executable, "-m", "lab.oncall", address, str(model.HTTPS)),
            *(str(keys.oncall), str(keys.token("oncall.token")), str(options.state / DELIVERIES)),
        ),
        ready=Ready(tcp=(address, model.HTTPS)),
        restart=True,
    )
