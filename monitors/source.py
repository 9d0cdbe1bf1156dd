"""What the tools of the second cluster answer, as JSON: the base URL and the token of each come from the target."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from monitors.exchange import Address, Answer, Unanswered, exchange, verified
from monitors.place import Place
from targets.model import Matomo, NoSecret, Prometheus, Secret, Sentry, Tools
from targets.read import BadTarget

_HTTPS = 443
_MOST_PAGES, _PAGES_S = 50, 6.0
_NEXT = re.compile(r'<([^>]+)>;[^<]*rel="next";[^<]*results="true"')


class Unreadable(Exception):
    """The source gives nothing that can be read: one line. `status`: what it answered, None without an answer."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Page:
    """A JSON answer. Any: its shape is judged by who asked. `headers` have names in lower case."""

    content: Any
    headers: Mapping[str, str]


def address(url: str, tools: Tools) -> tuple[Address, str]:
    """Where that URL leads, and its path without the final slash. Raises BadTarget, OSError."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or not url.isascii() or parts.query:
        raise BadTarget(f"{url}: expected https://<host>[:<port>][/<path>]")
    return Address(parts.hostname, parts.port or _HTTPS, verified(tools.ca_file)), parts.path.rstrip("/")


def word(secret: Secret) -> str:
    """The secret, fit for a header: http.client would show a bad one in its error. Raises NoSecret."""
    value = secret.read()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        where = secret.file or f"environment variable {secret.env}"
        raise NoSecret(f"secret {where}: empty, or holds characters that no token has")
    return value


class Source:
    """One tool's web API."""

    def __init__(self, place: Place, tools: Tools, url: str, headers: Mapping[str, str] | None = None) -> None:
        """`headers` go with every request. Raises BadTarget."""
        self._place, self._headers = place, headers or {}
        self._address, self._base = address(url, tools)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Page:
        """Raises Unreadable."""
        return self._read("GET", f"{self._base}{path}{'?' + urlencode(query) if query else ''}", self._headers)

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """Page after page, as the header ``Link`` leads, fifty at most and no new one after six seconds. Raises Unreadable."""
        begun = time.monotonic()
        page = self.get(path, query)
        yield page
        for _ in range(_MOST_PAGES - 1):
            following = _NEXT.search(page.headers.get("link", ""))
            if following is None or time.monotonic() - begun > _PAGES_S:
                return
            # its query alone: a token goes to the host that the target names, whatever an answer says
            page = self._read("GET", f"{self._base}{path}?{urlsplit(following[1]).query}", self._headers)
            yield page

    def post(self, path: str, form: Mapping[str, str]) -> Page:
        """Raises Unreadable."""
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self._read("POST", f"{self._base}{path}", headers, urlencode(form).encode())

    def _read(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Page:
        try:
            answer = exchange(self._place, self._address, method, path, headers, body)
        except Unanswered as error:
            raise Unreadable(str(error)) from error
        return Page(_json(answer), answer.headers)


def _json(answer: Answer) -> Any:
    if answer.status != 200:
        raise Unreadable(f"status {answer.status}", answer.status)
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("answer: no JSON", answer.status) from error


class Reports:
    """Matomo's reporting API: every call is a POST, so that its token stands in no log; errors come with 200."""

    def __init__(self, place: Place, tools: Tools, matomo: Matomo) -> None:
        """Raises NoSecret, BadTarget."""
        self._source = Source(place, tools, matomo.url)
        self._form = {"module": "API", "format": "JSON", "idSite": str(matomo.site), "token_auth": word(matomo.token)}

    def call(self, method: str, **more: str) -> Any:
        """The answer of that method. Raises Unreadable."""
        content = self._source.post("/index.php", {**self._form, "method": method, **more}).content
        if isinstance(content, dict) and content.get("result") == "error":
            said = " ".join(str(content.get("message", "refused")).split()).replace(
                self._form["token_auth"], "[hidden]"
            )
            raise Unreadable(f"{method}: {said[:120]}")
        return content


def of_sentry(place: Place, tools: Tools, sentry: Sentry) -> Source:
    """Its web API. Raises NoSecret, BadTarget."""
    return Source(place, tools, sentry.url, {"Authorization": f"Bearer {word(sentry.token)}"})


def of_prometheus(place: Place, tools: Tools, prometheus: Prometheus) -> Source:
    """Its HTTP API. Raises NoSecret, BadTarget."""
    return Source(place, tools, prometheus.url, {"Authorization": f"Bearer {word(prometheus.token)}"})


def answered(content: Any) -> Any:
    """The data of an answer of Prometheus. Raises Unreadable."""
    if not isinstance(content, dict) or content.get("status") != "success" or not isinstance(content.get("data"), dict):
        raise Unreadable("answer: not as Prometheus answers")
    return content["data"]


def time_of(page: Page) -> datetime:
    """The server's clock, in whole seconds. Raises Unreadable."""
    try:
        return parsedate_to_datetime(page.headers.get("date", "")).astimezone()
    except (ValueError, TypeError) as error:
        raise Unreadable("answer: no Date header") from error
