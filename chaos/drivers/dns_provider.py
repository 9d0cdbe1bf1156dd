"""Who changes a target's DNS entry: a name server that takes dynamic updates, or a provider that dns-lexicon knows.

Messages never hold what a provider said: an address of its API may hold the token.
"""

from __future__ import annotations

import binascii
import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

import dns.exception
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

from targets.dns import Dns, DynamicUpdate, Lexicon
from targets.model import Zone

_WITHIN_S = 5.0
_LEXICON_WITHIN_S = 30.0


class DnsRefused(RuntimeError):
    """Who should change the DNS entry did not: one line."""


class Provider(Protocol):
    """Changes one A record."""

    def point(self, address: str) -> None:
        """Have the entry hold that IPv4 address alone. Raises DnsRefused, NoSecret."""

    def examine(self) -> None:
        """See that it may be changed, and change nothing. Raises DnsRefused, NoSecret."""


def provider_of(own: Dns, zone: Zone) -> Provider:
    """The one that the target names."""
    return DynamicUpdates(own, zone) if isinstance(own, DynamicUpdate) else LexiconProvider(own, zone)


class DynamicUpdates:
    """RFC 2136, signed (RFC 8945), over TCP."""

    def __init__(self, own: DynamicUpdate, zone: Zone) -> None:
        self._own, self._zone = own, zone

    def point(self, address: str) -> None:
        update = self._message()
        update.replace(f"{self._zone.record}.", self._zone.ttl_s, "A", address)
        self._send(update)

    def examine(self) -> None:
        """By an update that only has a prerequisite (section 2.4.1): the entry is there."""
        update = self._message()
        update.present(f"{self._zone.record}.", "A")
        self._send(update)

    def _message(self) -> dns.update.UpdateMessage:
        try:
            ring = dns.tsigkeyring.from_text({self._own.key: self._own.secret.read()})
        except (binascii.Error, ValueError):
            raise DnsRefused(f"dns.secret: the key {self._own.key} is not in Base64") from None
        return dns.update.UpdateMessage(self._zone.name, keyring=ring, keyalgorithm=self._own.algorithm)

    def _send(self, update: dns.update.UpdateMessage) -> None:
        own = self._own
        whom = f"dns: server {own.server} port {own.port}, zone {self._zone.name}"
        try:
            code = dns.query.tcp(update, str(own.server), timeout=_WITHIN_S, port=own.port).rcode()
        except dns.tsig.PeerError as error:
            raise DnsRefused(f"{whom}: refused the key {own.key} ({type(error).__name__})") from error
        except (dns.exception.DNSException, OSError) as error:
            raise DnsRefused(f"{whom}: no answer ({type(error).__name__})") from error
        if code in (dns.rcode.NXDOMAIN, dns.rcode.NXRRSET):
            raise DnsRefused(f"{whom}: it has no A record {self._zone.record}")
        if code != dns.rcode.NOERROR:
            raise DnsRefused(f"{whom}: refused the update with the key {own.key} ({dns.rcode.to_text(code)})")


class LexiconProvider:
    """Through dns-lexicon's class of the provider.

    Not through its `Client`: that one guesses the zone, and asks somebody else's host for the list of public suffixes to do so.
    """

    def __init__(self, own: Lexicon, zone: Zone) -> None:
        self._own, self._zone = own, zone

    def point(self, address: str) -> None:
        def change(provider: Any) -> None:
            if (found := self._record(provider)) is None:
                provider.create_record("A", self._zone.record, address)
            elif found["content"] != address:
                provider.update_record(found["id"], "A", self._zone.record, address)

        self._signed_in(change)

    def examine(self) -> None:
        def look(provider: Any) -> None:
            if self._record(provider) is None:
                raise DnsRefused(f"dns: provider {self._own.provider}: it has no A record {self._zone.record}")

        self._signed_in(look)

    def _record(
        self, provider: Any
    ) -> dict[str, Any] | None:  # whatever a provider says of a record, at least id, content
        found = provider.list_records("A", self._zone.record)
        if len(found) > 1:
            raise DnsRefused(
                f"dns: provider {self._own.provider}: {len(found)} A records {self._zone.record} (a drill changes one)"
            )
        return dict(found[0]) if found else None

    def _signed_in(self, act: Callable[[Any], None]) -> None:
        """In a thread that is left to itself after a while: most providers' classes wait for their API without any limit."""
        failed: list[BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                provider = self._provider()
                provider.authenticate()
                act(provider)
                provider.cleanup()
            except BaseException as error:  # noqa: BLE001 - each provider raises what it likes; said below
                failed.append(error)
            finally:
                done.set()

        threading.Thread(target=work, name="dns-provider", daemon=True).start()
        whom = f"dns: provider {self._own.provider}, zone {self._zone.name}"
        if not done.wait(_LEXICON_WITHIN_S):
            raise DnsRefused(f"{whom}: no answer within {_LEXICON_WITHIN_S:g} s")
        if failed and isinstance(failed[0], DnsRefused):
            raise failed[0]
        if failed:
            status = getattr(getattr(failed[0], "response", None), "status_code", None)
            said = type(failed[0]).__name__ + ("" if status is None else f", status {status}")
            raise DnsRefused(f"{whom}: {said}")  # without the cause: its words may hold the token

    def _provider(self) -> Any:
        # loads some eighty modules, which nobody else should wait for
        from lexicon._private.discovery import find_providers, load_provider_module  # noqa: PLC0415
        from lexicon.config import ConfigResolver  # noqa: PLC0415

        logging.getLogger("lexicon").setLevel(logging.WARNING)  # below that it writes down what it is told
        name = self._own.provider
        if not find_providers().get(name):
            raise DnsRefused(f"dns: dns-lexicon has no provider {name}, or that one needs a package of its own")
        resolver: Any = ConfigResolver()  # type: ignore[no-untyped-call]
        own = {"provider_name": name, "domain": self._zone.name, "ttl": self._zone.ttl_s}
        return load_provider_module(name).Provider(resolver.with_env().with_dict(own))
