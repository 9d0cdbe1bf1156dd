"""The part of a target file that says how the service's DNS entry is changed: by RFC 2136, or by a provider's own interface."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, IPvAnyAddress

from targets.part import Part
from targets.secret import Secret


class _Provider(Part):
    """stranger  address of a host of your own that is no site, to which fault dns-wrong points the entry; it should answer"""

    stranger: IPvAnyAddress | None = None


class Rfc2136(_Provider):
    """Dynamic update, authenticated by TSIG.

    address, port  the server that takes updates, asked by TCP
    key        name of the TSIG key
    secret     the key in base64
    """

    kind: Literal["rfc2136"]
    address: IPvAnyAddress
    port: int = Field(53, ge=1, le=65535)
    key: str = Field(min_length=1)
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    secret: Secret


class Lexicon(_Provider):
    """A provider of dns-lexicon.

    provider  its name there, ``hetzner`` for example
    options   the provider's options, ``auth_token`` for example; their values are secrets
    """

    kind: Literal["lexicon"]
    provider: str = Field(min_length=1)
    options: dict[str, Secret] = Field(default_factory=dict)


Dns = Annotated[Rfc2136 | Lexicon, Field(discriminator="kind")]
