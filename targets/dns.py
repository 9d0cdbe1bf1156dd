"""The part of a target file that says who changes its DNS entry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, IPvAnyAddress

from targets.part import Part
from targets.secret import Secret


class _Provider(Part):
    """What all of them have.

    stranger  address of a host of your own that is none of the sites, for the drill `dns-wrong`; it has to answer, with a
              certificate that is not the service's
    """

    stranger: IPvAnyAddress | None = None


class DynamicUpdate(_Provider):
    """A name server that takes dynamic updates (RFC 2136), signed with a key (TSIG, RFC 8945).

    secret  the key in Base64, as `tsig-keygen` and `keymgr -t` print it
    """

    kind: Literal["rfc2136"]
    server: IPvAnyAddress
    port: int = Field(53, ge=1, le=65535)
    key: str
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    secret: Secret


class Lexicon(_Provider):
    """A provider of dns-lexicon by its name there; its options are the environment's ``LEXICON_<PROVIDER>_<OPTION>``."""

    kind: Literal["lexicon"]
    provider: str = Field(pattern=r"^[a-z0-9]+$")


Dns = Annotated[DynamicUpdate | Lexicon, Field(discriminator="kind")]
