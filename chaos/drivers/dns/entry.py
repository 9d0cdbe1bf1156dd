"""The service's DNS entry at a target that is not the lab; what else such a target does is left to `rest`.

No change is believed because a server acknowledged it: every authoritative server of the zone is asked until it gives it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from chaos.drivers.dns import health
from chaos.drivers.dns.rfc2136 import DnsRefused, Updates
from targets.dns import Lexicon, Rfc2136
from targets.model import Endpoint, Target

_ASKED_WITHIN_S = 2
_SEEN_WITHIN_S = 20
_LOOK_EVERY_S = 0.2
_STEP = "dns"
OWN = frozenset({"misdirect_entry", "mend_entry", "entry"})


class DnsEntry:
    """Part of `chaos.drivers.Driver`. Without a section `dns` the entry can be read and is never changed."""

    def __init__(self, target: Target, rest: Any, seen_within_s: float = _SEEN_WITHIN_S) -> None:  # rest: a Driver
        self._target, self._rest, self._seen_within_s = target, rest, seen_within_s
        self._steps: list[dict[str, Any]] = []
        self._kind = "AAAA" if ":" in target.sites[0].address else "A"

    def __getattr__(self, operation: str) -> Any:
        """Whatever is not our own."""
        if operation.startswith("_"):
            raise AttributeError(operation)
        return getattr(self._rest, operation)

    def lacks(self, operation: str) -> str:
        """What the target lacks for that operation; empty: nothing."""
        if operation not in OWN:
            return str(self._rest.lacks(operation))
        own = self._target.dns
        if operation == "entry":
            return ""
        if own is None:
            return "the target file has no section dns"
        if operation == "misdirect_entry" and own.stranger is None:
            return "dns.stranger is not given: a host of your own that is no site"
        return ""

    def misdirect_entry(self) -> None:
        if missing := self.lacks("misdirect_entry"):
            raise DnsRefused(f"target {self._target.name}: {missing}")
        for server, addresses in self.entry().items():
            # what undo could not put back exactly is not taken away
            if len(addresses) != 1 or self._target.site_at(addresses[0]) is None:
                found = ", ".join(addresses) or "no answer"
                raise DnsRefused(
                    f"dns: {server}: {self._target.zone.record} is {found} (needed: the address of one site)"
                )
        assert self._target.dns is not None  # noqa: S101 - said by lacks
        self._set(str(self._target.dns.stranger))

    def mend_entry(self) -> None:
        """The active site is the one whose health page says ready, asked at its own address: the entry is what is wrong."""
        target = self._target
        ready = [site for site in target.sites if health.says_ready(target.service, site.address)]
        if len(ready) != 1:
            names = " and ".join(site.name for site in ready) or "no site"
            raise DnsRefused(f"dns: {names} says ready (needed: one): nobody knows where the entry should point to")
        self._set(ready[0].address)

    def entry(self) -> dict[str, list[str]]:
        return {server.name: self._ask(server)[0] for server in self._target.zone.authoritative}

    def check(self) -> str:
        """Can the entry be changed? Asks, and changes nothing; says what was seen. Raises DnsRefused."""
        zone = self._target.zone
        said = {server.name: self._ask(server) for server in zone.authoritative}
        if silent := [name for name, (addresses, _) in said.items() if not addresses]:
            raise DnsRefused(f"dns: {', '.join(silent)}: no answer for {zone.record} {self._kind}")
        addresses, ttl_s = next(iter(said.values()))
        self._provider().may_set(zone.record, self._kind, addresses, ttl_s)
        return f"{zone.record} {self._kind} {', '.join(addresses)}"

    def perform(self, site: str, step: str) -> None:
        """The step `dns` is ours where the target says how; the others are those of its operators."""
        if step != _STEP or self._target.dns is None:
            self._rest.perform(site, step)
            return
        self._show(site, "begin")
        try:
            self._set(self._target.site(site).address)
        except DnsRefused as error:
            self._show(site, "failed", why=str(error))
            raise
        self._show(site, "end")

    def takeover_steps(self) -> list[dict[str, Any]]:
        """Those of the operators' journal, and what we did ourselves."""
        return [*self._rest.takeover_steps(), *self._steps]

    def _show(self, site: str, state: str, **more: str) -> None:
        step = {"procedure": "takeover", "cluster": "main", "site": site, "step": _STEP, "state": state, **more}
        self._steps.append({**step, "t_monotonic_ns": time.monotonic_ns()})

    def _provider(self) -> Any:  # Updates or Provider
        own, zone = self._target.dns, self._target.zone.name
        if isinstance(own, Rfc2136):
            return Updates(own, zone)
        if isinstance(own, Lexicon):
            # its libraries are loaded only where a target asks for them
            from chaos.drivers.dns.lexicon import Provider  # noqa: PLC0415

            return Provider(own, zone)
        raise DnsRefused(f"target {self._target.name}: {self.lacks('mend_entry')}")

    def _set(self, address: str) -> None:
        zone = self._target.zone
        # as it is there, not as the target file says: it stays so
        lifetimes = [ttl_s for addresses, ttl_s in map(self._ask, zone.authoritative) if addresses]
        self._provider().set(zone.record, self._kind, address, max(lifetimes, default=zone.ttl_s))

        def behind() -> list[str]:
            return [name for name, said in self.entry().items() if said != [address]]

        if late := _until_none(behind, self._seen_within_s):
            raise DnsRefused(
                f"dns: {', '.join(late)}: acknowledged, but {zone.record} is not {address} after {self._seen_within_s:g} s"
            )

    def _ask(self, server: Endpoint) -> tuple[list[str], int]:
        """What it answers now, and for how long that is valid; nothing when it does not answer with authority."""
        query = dns.message.make_query(self._target.zone.record, self._kind)
        try:
            answer, _ = dns.query.udp_with_fallback(query, server.address, _ASKED_WITHIN_S, server.port)
        except (OSError, EOFError, dns.exception.DNSException):
            return [], 0
        wanted = dns.rdatatype.from_text(self._kind)
        found = [each for each in answer.answer if each.rdtype == wanted]
        return [item.to_text() for each in found for item in each], min((each.ttl for each in found), default=0)


def _until_none(look: Callable[[], list[str]], within_s: float) -> list[str]:
    """Look until nobody is named, or the time is over: who is named then."""
    deadline = time.monotonic() + within_s
    while (named := look()) and time.monotonic() < deadline:
        threading.Event().wait(_LOOK_EVERY_S)
    return named
