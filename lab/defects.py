"""Known-bad systems: defects a lab can be started with, so that each check can be seen to turn red."""

from __future__ import annotations

import difflib

from lab.model import ServiceFailed

DEFECTS = {
    "none": "a healthy system",
    "ack-before-commit": "the service acknowledges at once and commits two seconds later: a site loss takes what was promised",
    "lose-last-second": "the private link is cut before the site dies; with asynchronous replication the last writes are lost",
    "duplicate-on-retry": "the service ignores idempotency keys, and one answer in twenty is lost after the commit",
    "corrupt-payload": "one body in a hundred is stored otherwise than it was acknowledged",
    "no-dns-switch": "the runbook promotes, but never changes the DNS entry",
    "no-promotion": "the runbook changes the DNS entry, but never promotes the database",
    "ttl-ignored": "the honest resolver keeps answers for at least 300 s",
    "slow-survivor": "the surviving site answers every upload 1.5 s late",
    "one-way-detection": "the runbook never takes a site over whose database still answers in private",
    "nobody-asked": "the runbook takes steps that a person has to approve without asking anybody",
    "one-way-to-dns": "the runbook knows one way to change the DNS entry, and gives up when that is closed",
    "unverified-dns": "the runbook changes the DNS entry and does not look whether every authoritative server follows",
    "no-fencing": "the runbook takes over when the private link is silent, asks nobody else and fences nobody",
    "hasty-hand-over": "the planned hand-over promotes the new site before the old one has ended, and rewinds that afterwards",
    "clock-never-set": "the planned hand-over does not look at the clock of the site that it hands the service to",
    "forgetful-hand-over": "the planned hand-over never changes the DNS entry back",
    "undo-without-effect": "the order to bring a site back is acknowledged and nothing happens",
    "lying-health": "the surviving site says it is ready, while it refuses every upload",
    "telemetry-abroad": "the service sends its traces to a telemetry service in a region where no data may go",
    "leaked-name": "the service tells Sentry of some errors with the patient's name in message and local variables",
    "patient-in-label": "the service counts every twentieth upload by patient, with the patient in a label of the metric",
    "fault-without-effect": "the order to kill a site is acknowledged and nothing happens",
    "alert-misrouted": "pages are routed by a label that no alert has: they fire, and nobody hears of them",
    "tools-not-mirrored": "the tools cluster stands at one site only",
    "blocking-telemetry": "with every tenth upload the service waits until Sentry took a message, and answers nobody meanwhile",
    "starved-generator": "the load generator gets too little to keep its schedule",
    "trusting-phones": "the app takes any certificate, and sends its readings to whoever the name points to",
    "shy-phones": "the app stays away for half a minute after it has lost a connection",
    "newest-first-phones": "the app sends what it kept the newest first",
    "silent-monitor": "the monitors of the service are content whatever they see",
    "flapping-monitor": "the monitors of the service cry wolf now and then",
}
# these are not the lab's: load generator and monitors have them
OUTSIDE_THE_LAB = frozenset(
    {
        *("starved-generator", "trusting-phones", "shy-phones", "newest-first-phones"),
        *("silent-monitor", "flapping-monitor"),
    }
)


class UnknownDefect(ServiceFailed):
    """Names the nearest valid spelling."""


def check_defect(name: str) -> str:
    """The name, if there is such a defect. Raises UnknownDefect."""
    if name not in DEFECTS:
        near = difflib.get_close_matches(name, DEFECTS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(DEFECTS)}"
        raise UnknownDefect(f"defect {name!r}: unknown; {hint}")
    return name
