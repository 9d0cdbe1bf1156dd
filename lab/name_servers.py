"""What the DNS provider does on order: hold a server's zone, set a record by its console, have a server fetch the zone anew.

A zone that is held takes no change: the first server then refuses updates, the other one goes on answering the old record.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update

from lab import model
from lab.control import Answer, one_of
from lab.model import Options, ServiceFailed, Supervisor
from lab.net.namespace import inside
from lab.servers import environment, program
from lab.services import knot, stranger

_NAMES = tuple(model.AUTHORITATIVE)
_ZONE = "dns"
_Answer = TypeVar("_Answer")
_CHANGE = "_change"  # a name that nobody asks for: changing it shows which server takes changes
_ANSWERED_WITHIN_S = 5
_UPDATED_WITHIN_S = 3
_TRANSFERRED_WITHIN_S = 2


class NameServers:
    """The two authoritative servers, by their own console (`knotc`)."""

    def __init__(self, options: Options, supervisor: Supervisor) -> None:
        self.options, self._supervisor = options, supervisor

    def calls(self) -> dict[str, Any]:  # name -> coroutine function, see lab.control.Call
        return {
            "name-server": self.name_server,
            "record": self.record,
            "misdirect": self.misdirect,
            "transfer": self.transfer,
            "stop-key": self.stop_key,
        }

    async def name_server(self, request: dict[str, Any]) -> Answer:
        """A server's zone into a state; or (without one) how it is, seen by a change: held, or live."""
        name = one_of(request, "name", _NAMES)
        if "state" in request:
            held = one_of(request, "state", ("held", "live")) == "held"
            if held != await self._held(name):
                await self._console(name, "zone-freeze" if held else "zone-thaw", model.ZONE)
            if not held and name != _NAMES[0]:
                await self._console(name, "zone-refresh", model.ZONE)  # what it missed
        takes = await self._takes_updates() if name == _NAMES[0] else await self._follows(name)
        return {"state": "live" if takes else "held", "t_ns": time.monotonic_ns()}

    async def record(self, request: dict[str, Any]) -> Answer:
        """The entry `record`, set to `address` by the console; or (without one) what each server answers."""
        record = str(request["record"])
        if "address" in request:
            if not re.fullmatch(r"[\d.]+", str(request["address"])):
                raise ServiceFailed(f"record {record}: {request['address']!r} is no IPv4 address")
            ttl = str(self.options.ttl_s)
            await self._commit((f"{record}.", "A"), (f"{record}.", ttl, "A", str(request["address"])))
        said = await asyncio.gather(*(self._ask(record, name) for name in _NAMES))
        return {"answers": dict(zip(_NAMES, said, strict=True)), "t_ns": time.monotonic_ns()}

    async def misdirect(self, request: dict[str, Any]) -> Answer:
        """The entry `record` to somebody else's host, which answers."""
        await self._supervisor.start(stranger.service(self.options))
        return await self.record({**request, "address": model.STRANGER})

    async def stop_key(self, request: dict[str, Any]) -> Answer:
        """The record that ends every drill: there, or not."""
        wanted = one_of(request, "state", ("on", "off")) == "on"
        owner = f"{model.STOP_RECORD}."
        await self._commit((owner, "TXT"), (owner, "1", "TXT", "stop") if wanted else None)
        return {"t_ns": time.monotonic_ns()}

    async def transfer(self, request: dict[str, Any]) -> Answer:
        """Have a server fetch the whole zone, held or not: what a provider's people do by hand."""
        await self._console(one_of(request, "name", _NAMES), "zone-retransfer", model.ZONE)
        return {"t_ns": time.monotonic_ns()}

    async def _held(self, name: str) -> bool:
        return "freeze: yes" in await self._console(name, "zone-status", model.ZONE)

    async def _takes_updates(self) -> bool:
        """By one that would change nothing. A zone that is held refuses it, or leaves it without an answer."""
        try:
            return await asyncio.to_thread(_there, lambda: update_rcode(self.options, None)) == dns.rcode.NOERROR
        except (OSError, dns.exception.DNSException):
            return False

    async def _ask(self, record: str, name: str, kind: str = "A") -> list[str]:
        return await asyncio.to_thread(_there, lambda: answers(record, model.AUTHORITATIVE[name], kind))

    async def _follows(self, name: str) -> bool:
        """Change a name that nobody asks for at the first server, and see whether the change arrives."""
        owner, value = f"{_CHANGE}.{model.ZONE}", f"{time.monotonic_ns()}"
        await self._commit((f"{owner}.", "TXT"), (f"{owner}.", "1", "TXT", f'"{value}"'))
        deadline = time.monotonic() + _TRANSFERRED_WITHIN_S
        while value not in await self._ask(owner, name, "TXT"):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    async def _commit(self, without: tuple[str, ...], having: tuple[str, ...] | None) -> None:
        first = _NAMES[0]
        await self._console(first, "zone-begin", model.ZONE)
        try:
            # a name that is not there yet cannot be taken away; whatever else is wrong, `zone-set` says
            await self._console(first, "zone-unset", model.ZONE, *without, check=False)
            if having is not None:
                await self._console(first, "zone-set", model.ZONE, *having)
        except ServiceFailed:
            await self._console(first, "zone-abort", model.ZONE, check=False)
            raise
        await self._console(first, "zone-commit", model.ZONE)

    async def _console(self, name: str, *words: str, check: bool = True) -> str:
        done = await self._supervisor.run(
            _ZONE,
            [str(program("knotc")), "-s", str(knot.console(name)), *words],
            env=environment(),
            within_s=_ANSWERED_WITHIN_S,
            check=check,
        )
        return done.stdout


def _there(ask: Callable[[], _Answer]) -> _Answer:
    """In the servers' own network: the lab's first process has none. To be run in a thread."""
    with inside(_ZONE):
        return ask()


def answers(name: str, server: str, kind: str = "A") -> list[str]:
    """What a server answers, asked now; nothing when it does not answer within two seconds."""
    query = dns.message.make_query(name, kind)
    try:
        answer = dns.query.udp(query, server, timeout=2)
    except (dns.exception.Timeout, OSError):
        return []
    wanted = dns.rdatatype.from_text(kind)
    return [item.to_text().strip('"') for rrset in answer.answer if rrset.rdtype == wanted for item in rrset]


def update_rcode(options: Options, change: tuple[str, str] | None) -> int:
    """Send an update (RFC 2136, TSIG) to the first server: name and address; None: one that changes nothing.

    Returns the answer's code. Raises OSError, dns.exception.DNSException.
    """
    ring = dns.tsigkeyring.from_text({knot.TSIG_NAME: knot.tsig_secret(options.state)})
    update = dns.update.UpdateMessage(model.ZONE, keyring=ring, keyalgorithm=knot.TSIG_ALGORITHM)
    if change is not None:
        name, address = change
        update.replace(f"{name}.", options.ttl_s, "A", address)
    return dns.query.tcp(update, model.AUTHORITATIVE[_NAMES[0]], timeout=_UPDATED_WITHIN_S).rcode()
