"""The runbook service of a site (`lab.runbook`) as a process, and its single steps as commands."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from lab.model import SITES, Options, Process, Ready

STEPS = ("detect", "fence", "promote", "dns", "declare")


def service(options: Options, site: str) -> Process:
    """Watches the other site for ever."""
    return Process(
        name=f"{site}/runbook",
        zone=site,
        argv=(sys.executable, "-m", "lab.runbook", "watch"),
        env=environment(options, site),
        ready=Ready(),
        restart=True,
    )


def command(step: str) -> list[str]:
    """One step (or ``all``), to be run in the zone of the site that takes over."""
    return [sys.executable, "-m", "lab.runbook", "step", step]


def hand_over_command() -> list[str]:
    """The planned way, to be run in the zone of the site that takes over from one that is well."""
    return [sys.executable, "-m", "lab.runbook", "hand-over"]


def environment(options: Options, site: str) -> dict[str, str]:
    (other,) = (each for each in SITES if each != site)
    whole = {**asdict(options), "state": str(options.state), "site": site, "other": other}
    return {"ZWEITHERZ_RUNBOOK": json.dumps(whole)}
