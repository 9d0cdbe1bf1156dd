"""The DNS entry of a target that is not the lab, in front of the driver that does all the rest.

A change is done when every authoritative server answers so: a provider that said yes has changed nothing yet.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from chaos.drivers.dns_provider import DnsRefused, provider_of
from targets.model import Target

_FOLLOWS_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.2
_ANSWERS_WITHIN_S = 2.0
_OWN = ("misdirect_entry", "mend_entry")
STEP = "dns"


class DnsEntry:
    """Part of `chaos.drivers.Driver`; whatever is not about the entry is done by `rest`."""

    def __init__(self, target: Target, rest: Any, follows_within_s: float = _FOLLOWS_WITHIN_S) -> None:  # a Driver
        self._target, self._rest, self._follows_within_s = target, rest, follows_within_s
        self._provider = provider_of(target.dns, target.zone) if target.dns is not None else None
        self._steps: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Any:
        """Whatever is not our own."""
        if operation.startswith("_"):
            raise AttributeError(operation)
        return getattr(self._rest, operation)

    def lacks(self, operation: str) -> str:
        """What the target lacks for that operation; empty: nothing."""
        if operation == "entry":
            return ""
        if operation not in _OWN:
            return str(self._rest.lacks(operation))
        if self._target.dns is None:
            return "dns is not given (who changes the entry)"
        if operation == "misdirect_entry" and self._target.dns.stranger is None:
            return "dns.stranger is not given"
        return str(self._rest.lacks("mirrored")) if operation == "mend_entry" else ""

    def misdirect_entry(self) -> None:
        own = self._target.dns
        if own is None or own.stranger is None:
            raise DnsRefused(f"target {self._target.name}: {self.lacks('misdirect_entry')}")
        self._point(str(own.stranger))

    def mend_entry(self) -> None:
        active = [site for site in self._target.sites if not self._rest.mirrored(site.name)]
        if len(active) != 1:
            names = ", ".join(site.name for site in active) or "none"
            raise DnsRefused(
                f"sites whose database is no mirror: {names}; nobody knows where the DNS entry should point to"
            )
        self._point(active[0].address)

    def entry(self) -> dict[str, list[str]]:
        zone = self._target.zone
        return {each.name: _addresses(zone.record, each.address, each.port) for each in zone.authoritative}

    def perform(self, site: str, step: str) -> None:
        if step != STEP or self._provider is None:
            self._rest.perform(site, step)
            return
        self._note(site, "begin")
        self._point(self._target.site(site).address)
        self._note(site, "end")

    def takeover_steps(self) -> list[dict[str, Any]]:
        return [*self._rest.takeover_steps(), *self._steps]

    def _note(self, site: str, state: str) -> None:
        step = {"procedure": "takeover", "cluster": "main", "site": site, "step": STEP, "state": state}
        self._steps.append({**step, "t_monotonic_ns": time.monotonic_ns()})

    def _point(self, address: str) -> None:
        if self._provider is None:
            raise DnsRefused(f"target {self._target.name}: {self.lacks('mend_entry')}")
        self._provider.point(address)
        deadline = time.monotonic() + self._follows_within_s
        while behind := {server: said for server, said in self.entry().items() if said != [address]}:
            if time.monotonic() > deadline:
                shown = ", ".join(f"{server} says {' '.join(said) or 'nothing'}" for server, said in behind.items())
                raise DnsRefused(
                    f"entry {self._target.zone.record} to {address}: after {self._follows_within_s:g} s {shown}"
                )
            threading.Event().wait(_LOOK_EVERY_S)


def _addresses(name: str, server: str, port: int) -> list[str]:
    """What that server answers, asked now; nothing when it does not answer in time."""
    try:
        answer = dns.query.udp(dns.message.make_query(name, "A"), server, timeout=_ANSWERS_WITHIN_S, port=port)
    except (dns.exception.DNSException, OSError):
        return []
    return sorted(item.to_text() for each in answer.answer if each.rdtype == dns.rdatatype.A for item in each)
