"""Who is told after a drill: a YAML file, named by ``--notify`` or ``ZWEITHERZ_NOTIFY``. Secrets are never in it.

::

    within_s: 60                       # for all of it, repetitions included
    report_base: https://drills.example.org/runs   # where results/runs is published, if it is
    webhooks:
      - name: chat
        form: slack                    # or json
        url: {env: CHAT_WEBHOOK_URL}   # an address that is a secret by itself; one that is not: url: https://…
      - name: ci
        url: https://ci.example.org/drills
        authorization: {file: secrets/ci.token}    # mode 600; sent as Bearer
    mails:
      - name: duty
        host: mail.example.org
        port: 587                      # with tls: starttls; 465 with tls: tls
        sender: drills@example.org
        to: [duty@example.org]
        user: drills
        password: {env: MAIL_PASSWORD}
        when: trouble                  # everything but a pass; always is the default

Unknown keys are errors. Every connection is encrypted and its certificate verified; `ca_file` names an authority of one's own.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from targets.model import NoSecret, Secret

VARIABLE = "ZWEITHERZ_NOTIFY"


class BadNotify(ValueError):
    """One line: which file, which key, what is wrong with it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Channel(_Part):
    """What all channels have. `when`: after every drill, or only after one that did not pass."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    when: Literal["always", "trouble"] = "always"
    ca_file: Path | None = None


class Webhook(Channel):
    """An HTTPS address that takes a POST. `authorization` is sent as Bearer."""

    url: str | Secret
    form: Literal["json", "slack"] = "json"
    authorization: Secret | None = None

    def address(self) -> str:
        """Where to. Raises NoSecret, ValueError where it is no https address."""
        found = self.url.read() if isinstance(self.url, Secret) else self.url
        parts = urlsplit(found)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            raise ValueError("url: must be https://host/…, without user and password")
        return found


class Mail(Channel):
    """A mail server that takes messages for `to`. STARTTLS, or TLS from the first byte; nothing is sent in the clear."""

    host: str
    port: int = Field(587, ge=1, le=65535)
    tls: Literal["starttls", "tls"] = "starttls"
    sender: str = Field(pattern=r"^[^\s@,;<>]+@[^\s@,;<>]+$")
    to: list[str] = Field(min_length=1)
    user: str | None = None
    password: Secret | None = None

    @field_validator("to")
    @classmethod
    def _addresses(cls, to: list[str]) -> list[str]:
        for each in to:
            if each.count("@") != 1 or set(each) & set(" \t\r\n,;<>"):
                raise ValueError(f"{each!r} is no address")
        return to

    @model_validator(mode="after")
    def _both_or_none(self) -> Mail:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password: give both, or none")
        return self


class Notify(_Part):
    """The whole file. `within_s` bounds everything that is done for all channels together, which are told at the same time."""

    within_s: float = Field(60, ge=1, le=600)
    report_base: str | None = Field(None, pattern=r"^https://\S+$")
    webhooks: list[Webhook] = []
    mails: list[Mail] = []

    @property
    def channels(self) -> list[Webhook | Mail]:
        return [*self.webhooks, *self.mails]

    @model_validator(mode="after")
    def _names_differ(self) -> Notify:
        names = [channel.name for channel in self.channels]
        if not names:
            raise ValueError("nobody to tell: give webhooks, mails or both")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"name {min(twice)}: given twice")
        return self


def read_notify(path: Path) -> Notify:
    """The configuration, with every secret and certificate tried, so that a drill need not end to learn that one is missing.

    Raises BadNotify, whose message never has a secret in it.
    """
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadNotify(f"{path}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadNotify(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    try:
        notify = Notify.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]  # what was found may be a secret in the wrong place
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise BadNotify(f"{path}: {key}: {first['msg'].removeprefix('Value error, ')}") from error
    for channel in notify.channels:
        try:
            _try(channel)
        except (NoSecret, ValueError, OSError) as error:
            raise BadNotify(f"{path}: {channel.name}: {error}") from error
    return notify


def _try(channel: Webhook | Mail) -> None:
    """Raises NoSecret, ValueError, OSError."""
    if channel.ca_file is not None:
        try:
            ssl.create_default_context(cafile=str(channel.ca_file))
        except OSError as error:  # which does not name the file
            raise OSError(f"ca_file {channel.ca_file}: {error.strerror or error}") from error
    if isinstance(channel, Webhook):
        channel.address()
        if channel.authorization is not None:
            channel.authorization.read()
    elif channel.password is not None:
        channel.password.read()
