"""One POST to a webhook. The address may be a secret by itself, so no message names more of it than the host."""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from urllib.parse import urlsplit

import requests

from drill.notify.configuration import Webhook
from drill.notify.notice import Notice
from drill.notify.patience import Definite, Transient

_CONNECT_S, _ANSWER_S = 5.0, 10.0
_TOO_MANY = 429
_UNTRUSTED = re.compile(r"certificate verify failed: ([^(\"']*)")


def post(webhook: Webhook, notice: Notice, left_s: float) -> None:
    """Raises Transient (no connection, no answer, 429, 5xx), Definite (everything else but 2xx), NoSecret, ValueError."""
    url = webhook.address()
    host = urlsplit(url).hostname
    content = notice.as_slack() if webhook.form == "slack" else notice.as_json()
    headers = {"Content-Type": "application/json", "User-Agent": "zweitherz"}
    if webhook.authorization is not None:
        headers["Authorization"] = f"Bearer {webhook.authorization.read()}"
    try:
        answer = requests.post(
            url,
            data=json.dumps(content).encode(),
            headers=headers,
            timeout=(min(_CONNECT_S, left_s), min(_ANSWER_S, left_s)),
            verify=str(webhook.ca_file) if webhook.ca_file is not None else True,
            allow_redirects=False,  # a notice is for whom it was addressed to
            auth=lambda request: request,  # else a password of ~/.netrc would be sent
            stream=True,  # of the answer only its first line and its headers are read
        )
    except requests.exceptions.SSLError as error:
        if found := _UNTRUSTED.search(str(error)):
            raise Definite(f"{host}: certificate not trusted: {found[1].strip()}") from None
        raise Transient(f"{host}: no TLS connection") from None
    except requests.exceptions.ConnectTimeout:
        raise Transient(f"{host}: no connection in time") from None
    except requests.exceptions.Timeout:
        raise Transient(f"{host}: no answer in time") from None
    except requests.exceptions.ConnectionError:
        raise Transient(f"{host}: no connection") from None
    except requests.exceptions.RequestException as error:  # its text has the whole address
        raise Definite(f"{host}: {type(error).__name__}") from None
    with answer:
        if answer.status_code == _TOO_MANY or answer.status_code >= 500:
            raise Transient(f"{host}: answered {answer.status_code}", _after_s(answer.headers.get("Retry-After", "")))
        if not answer.ok or answer.is_redirect or answer.status_code >= 300:
            raise Definite(f"{host}: answered {answer.status_code}")


def _after_s(text: str) -> float | None:
    """Seconds of a Retry-After header, given as such or as a date (RFC 9110, 10.2.3)."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        then = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=datetime.UTC)
    return max(0.0, (then - datetime.datetime.now(datetime.UTC)).total_seconds())
