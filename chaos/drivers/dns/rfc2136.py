"""Changes an entry by dynamic update (RFC 2136), authenticated by TSIG."""

from __future__ import annotations

import base64
import binascii

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update

from targets.dns import Rfc2136
from targets.secret import NoSecret

_WITHIN_S = 10


class DnsRefused(RuntimeError):
    """The entry is not changed, or not seen to be: one line, without any secret."""


class Updates:
    """The server that takes updates of a zone."""

    def __init__(self, own: Rfc2136, zone: str) -> None:
        self._own, self._zone = own, zone

    def set(self, record: str, kind: str, address: str, ttl_s: int) -> None:
        """The entry has that address, and no other. Raises DnsRefused."""
        update = self._update()
        update.replace(f"{record}.", ttl_s, kind, address)
        self._send(update)

    def may_set(self, record: str, kind: str, addresses: list[str], ttl_s: int) -> None:
        """Send an update that adds what is there already, and only while it is there. Raises DnsRefused.

        `addresses`, `ttl_s`: as an authoritative server gives them now.
        """
        update = self._update()
        update.present(f"{record}.", kind, *addresses)
        update.add(f"{record}.", ttl_s, kind, *addresses)
        self._send(update)

    def _update(self) -> dns.update.UpdateMessage:
        try:
            secret = self._own.secret.read()
            base64.b64decode(secret, validate=True)  # dnspython overlooks what is none
            ring = dns.tsigkeyring.from_text({self._own.key: secret})
        except NoSecret as error:
            raise DnsRefused(f"dns: key {self._own.key}: {error}") from error
        except (binascii.Error, ValueError):
            # what was found is the secret
            raise DnsRefused(f"dns: key {self._own.key}: its secret is not base64") from None
        return dns.update.UpdateMessage(self._zone, keyring=ring, keyalgorithm=self._own.algorithm)

    def _send(self, update: dns.update.UpdateMessage) -> None:
        own = self._own
        where = f"dns: update of {self._zone} at {own.address} port {own.port} with key {own.key}"
        try:
            answer = dns.query.tcp(update, str(own.address), timeout=_WITHIN_S, port=own.port)
        except dns.exception.Timeout as error:
            raise DnsRefused(f"{where}: no answer within {_WITHIN_S} s") from error
        except (OSError, EOFError, dns.exception.DNSException) as error:
            raise DnsRefused(f"{where}: {' '.join(str(error).split()) or type(error).__name__}") from error
        if answer.rcode() != dns.rcode.NOERROR:
            raise DnsRefused(f"{where}: refused ({dns.rcode.to_text(answer.rcode())})")
        if not answer.had_tsig:
            raise DnsRefused(f"{where}: the answer is not signed: anybody may have given it")
