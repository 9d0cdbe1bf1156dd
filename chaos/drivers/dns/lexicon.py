"""Changes an entry by the interface of a provider that dns-lexicon knows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from lexicon._private.discovery import find_providers, load_provider_module
from lexicon.config import ConfigResolver

from chaos.drivers.dns.rfc2136 import DnsRefused
from targets.dns import Lexicon
from targets.secret import NoSecret

_WITHIN_S = 25
_Answer = TypeVar("_Answer")


class Provider:
    """What one provider has of a zone."""

    def __init__(self, own: Lexicon, zone: str) -> None:
        self._own, self._zone = own, zone

    def set(self, record: str, kind: str, address: str, ttl_s: int) -> None:
        """The one entry of that name and kind has that address. Raises DnsRefused."""

        def change(operations: Any) -> None:  # lexicon's operations are not typed
            found = _entries(operations.list_records(kind, record), record, kind)
            if found["content"] == address:
                return
            if not operations.update_record(found["id"], kind, record, address):
                raise DnsRefused(f"dns: {record}: the provider says that it has not changed it")

        self._do(change, ttl_s)

    def may_set(self, record: str, kind: str, addresses: list[str], ttl_s: int) -> None:
        """Whether the provider takes the options and has the entry; may it be changed? No provider says. Raises DnsRefused."""
        self._do(lambda operations: _entries(operations.list_records(kind, record), record, kind), ttl_s)

    def _do(self, work: Callable[[Any], _Answer], ttl_s: int) -> _Answer:
        own = self._own
        if not find_providers().get(own.provider):
            raise DnsRefused(f"dns: dns-lexicon has no provider {own.provider}, or that one needs a package of its own")
        logging.getLogger("lexicon").setLevel(logging.WARNING)  # below that it writes down what it is told
        try:
            options = {name: secret.read() for name, secret in own.options.items()}
        except NoSecret as error:
            raise DnsRefused(f"dns: provider {own.provider}: {error}") from error
        whole = {
            "provider_name": own.provider,
            "domain": self._zone,
            "ttl": ttl_s,
            own.provider: options,
        }
        resolver: Any = ConfigResolver  # it is not typed
        answers: list[_Answer] = []
        errors: list[Exception] = []

        def call() -> None:
            try:
                # lexicon's own Client guesses the zone, by a list of public suffixes that it asks somebody else's host for
                provider = load_provider_module(own.provider).Provider(resolver().with_dict(whole))
                provider.authenticate()
                answers.append(work(provider))
                provider.cleanup()
            except Exception as error:  # noqa: BLE001 - many providers raise plain Exception
                errors.append(error)

        # providers wait for their peers without a limit of their own
        thread = threading.Thread(target=call, daemon=True, name=f"dns {own.provider}")
        thread.start()
        thread.join(_WITHIN_S)
        if thread.is_alive():
            raise DnsRefused(f"dns: provider {own.provider}: no answer within {_WITHIN_S} s; what it did is not known")
        if errors:
            said = " ".join(str(errors[0]).split()) or type(errors[0]).__name__
            for secret in options.values():  # an address with a token in it, for example
                for written in {secret, quote(secret, safe=""), quote_plus(secret)}:
                    said = said.replace(written, "***")
            # without its cause: that has the secrets in it
            raise DnsRefused(
                said if said.startswith("dns: ") else f"dns: provider {own.provider}: {said:.200}"
            ) from None
        return answers[0]


def _entries(found: list[dict[str, Any]], record: str, kind: str) -> dict[str, Any]:
    if len(found) != 1:
        raise DnsRefused(f"dns: {record}: the provider has {len(found)} entries of kind {kind} (needed: 1)")
    return found[0]
