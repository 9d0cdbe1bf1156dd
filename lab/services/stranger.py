"""The host of somebody else (`lab.stranger`) as a process, outside both sites; started when the entry is misdirected to it."""

from __future__ import annotations

import sys

from lab import model, pki
from lab.model import Options, Process, Ready


def service(options: Options) -> Process:
    """With a certificate of its own, made when it is first needed."""
    return Process(
        name="dns/stranger",
        zone="dns",
        argv=(
            *(sys.executable, "-m", "lab.stranger"),
            *(model.STRANGER, str(model.HTTPS), str(pki.strangers_pem(options.state))),
        ),
        ready=Ready(tcp=(model.STRANGER, model.HTTPS)),
    )
