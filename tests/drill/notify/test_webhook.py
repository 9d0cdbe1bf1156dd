"""Against a real HTTPS server on the loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from drill.notify.configuration import Webhook
from drill.notify.notice import Notice
from drill.notify.patience import Definite, Transient
from drill.notify.webhook import post
from lab import pki
from tests.drill.notify.receivers import HANG, Web

PATH = "/services/T0/B0/secret-part"


def hook(server: Web, keys: pki.Keys, **more: Any) -> Webhook:
    url = f"https://127.0.0.1:{server.port}{PATH}"
    return Webhook.model_validate({"name": "ci", "url": url, "ca_file": str(keys.ca), **more})


def test_json_arrives_with_its_authorization(keys: pki.Keys, notice: Notice, secret: Path) -> None:
    with Web(keys.tools) as server:
        post(hook(server, keys, authorization={"file": str(secret)}), notice, 10)
    ((path, headers, body),) = server.asked
    assert (path, headers["Content-Type"], headers["Authorization"]) == (PATH, "application/json", "Bearer right")
    assert json.loads(body) == json.loads(json.dumps(notice.as_json()))


def test_slacks_form_arrives(keys: pki.Keys, notice: Notice) -> None:
    with Web(keys.tools, 204) as server:
        post(hook(server, keys, form="slack"), notice, 10)
    assert set(json.loads(server.asked[0][2])) == {"text", "blocks"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, Transient),
        (503, Transient),
        (429, Transient),
        (400, Definite),
        (404, Definite),
        (302, Definite),
        (304, Definite),
    ],
)
def test_what_may_get_better_is_told_from_what_may_not(
    keys: pki.Keys, notice: Notice, status: int, kind: type[Exception]
) -> None:
    with Web(keys.tools, status, headers={"Location": "https://127.0.0.1:1/"}) as server, pytest.raises(kind) as told:
        post(hook(server, keys), notice, 10)
    assert str(told.value) == f"127.0.0.1: answered {status}"
    assert len(server.asked) == 1, "redirects are not followed"


@pytest.mark.parametrize(
    ("header", "after_s"),
    [
        ("7", 7),
        ("Mon, 02 Jan 2006 15:04:05 GMT", 0),
        ("Mon, 02 Jan 2006 15:04:05 -0000", 0),
        ("soon", None),
    ],
)
def test_the_pause_that_was_asked_for_is_heard(
    keys: pki.Keys, notice: Notice, header: str, after_s: float | None
) -> None:
    with Web(keys.tools, 429, headers={"Retry-After": header}) as server, pytest.raises(Transient) as told:
        post(hook(server, keys), notice, 10)
    assert told.value.after_s == after_s


def test_a_date_until_which_to_wait_is_heard(keys: pki.Keys, notice: Notice) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with Web(keys.tools, 503, headers={"Retry-After": then}) as server, pytest.raises(Transient) as told:
        post(hook(server, keys), notice, 10)
    assert told.value.after_s is not None
    assert 0 < told.value.after_s <= 3600


def test_a_certificate_of_an_unknown_authority_is_refused(keys: pki.Keys, notice: Notice, tmp_path: Path) -> None:
    others = pki.make_keys(tmp_path)
    with Web(keys.tools) as server, pytest.raises(Definite, match=r"127\.0\.0\.1: certificate not trusted: "):
        post(hook(server, others), notice, 10)
    assert server.asked == []


def test_a_certificate_for_another_name_is_refused(keys: pki.Keys, notice: Notice) -> None:
    with (
        Web(keys.tools) as server,
        pytest.raises(Definite, match="localhost: certificate not trusted: Hostname mismatch"),
    ):
        post(hook(server, keys, url=f"https://localhost:{server.port}{PATH}"), notice, 10)
    assert server.asked == []


def test_one_that_hangs_and_one_that_is_not_there_may_get_better(keys: pki.Keys, notice: Notice) -> None:
    with Web(keys.tools, HANG) as server, pytest.raises(Transient, match="no answer in time"):
        post(hook(server, keys), notice, 0.5)
    with pytest.raises(Transient, match="no connection") as told:
        post(hook(server, keys), notice, 5)
    assert "secret-part" not in str(told.value)
    assert told.value.__suppress_context__, "nor in a traceback"
