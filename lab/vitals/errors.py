"""What the service tells Sentry: errors and a sample of traces; never a patient's value.

An exception's message, local variables, bodies, headers and queries can carry a patient's data, so none of them leaves the
process: what is left is the type, the place in the code, and where and in which release it happened.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from lab.vitals.settings import VERSION, Settings

TRACED = 0.01
_HIDDEN = "[hidden]"


class Errors:
    """Sends to the Sentry of the settings; without one it does nothing."""

    def __init__(self, settings: Settings) -> None:
        self._on = bool(settings.sentry_host)
        if not self._on:
            return
        careless = settings.defect == "leaked-name"
        sentry_sdk.init(
            f"https://{settings.sentry_key}@{settings.sentry_host}/1",
            ca_certs=str(settings.ca),
            release=f"vitals@{VERSION}",
            environment="lab",
            server_name=settings.site,
            traces_sample_rate=TRACED,
            send_default_pii=False,
            include_local_variables=careless,
            max_request_body_size="never",
            default_integrations=False,
            before_send=None if careless else _hide_values,
        )
        sentry_sdk.set_tag("site", settings.site)
        if settings.defect == "telemetry-abroad":
            sentry_sdk.capture_message("started")  # at least once, whatever is traced later

    def failed(self, error: BaseException) -> None:
        """Tell of it; the SDK's own thread sends."""
        if self._on:
            sentry_sdk.capture_exception(error)

    @contextlib.contextmanager
    def traced(self, name: str) -> Iterator[None]:
        """One request in a hundred becomes a trace, named by its route, never by its query."""
        if not self._on or random.random() >= TRACED:  # noqa: S311 - a sample, not a secret
            yield
            return
        with sentry_sdk.start_transaction(op="http.server", name=name, sampled=True):
            yield

    def close(self) -> None:
        if self._on:
            sentry_sdk.flush(1)


def _hide_values(event: Event, _: Hint) -> Event | None:
    values: list[dict[str, Any]] = (event.get("exception") or {}).get("values", [])
    for value in values:
        value["value"] = _HIDDEN
    for name in ("request", "breadcrumbs", "extra", "user", "logentry"):
        event.pop(name, None)  # type: ignore[misc] # names of the event's own keys
    return event
