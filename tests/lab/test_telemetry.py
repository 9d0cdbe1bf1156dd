"""The tools cluster of a real lab: the real Sentry SDK sends, a phone's bulk requests arrive, both are read back."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest
import requests
import sentry_sdk
from sentry_sdk.crons import capture_checkin

from lab import model
from lab.clusters import TOOLS
from tests.lab.running import RunningLab, eventually


@pytest.fixture
def sdk(lab: RunningLab) -> Any:
    """The SDK as a service uses it, sending to the lab's project 2."""
    port = lab.up.gates[f"{TOOLS.prefix}{TOOLS.active}"]
    dsn = f"https://{lab.access('sentry.key')}@127.0.0.1:{port}/2"
    with sentry_sdk.isolation_scope():
        sentry_sdk.init(dsn, ca_certs=str(lab.folder / "ca.pem"), environment="test", release="9", traces_sample_rate=1)
        yield sentry_sdk
        sentry_sdk.flush(10)
        sentry_sdk.init()


def sentry(lab: RunningLab, path: str, **query: Any) -> requests.Response:
    token = {"Authorization": f"Bearer {lab.access('sentry.token')}"}
    return lab.tools("GET", f"/api/0{path}", "sentry", headers=token, params=query)


def test_an_exception_sent_by_the_sdk_is_an_issue_with_its_count(lab: RunningLab, sdk: Any) -> None:
    def issues() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = sentry(lab, "/organizations/heart/issues/", environment="test").json()
        return [issue for issue in found if issue["title"].startswith("ZeroDivisionError")]

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            _fail(sdk)
    sdk.flush(10)
    (issue,) = eventually(issues)
    assert (issue["count"], issue["level"], issue["project"]["slug"]) == ("3", "error", "monitors")
    events = sentry(lab, "/projects/heart/monitors/events/", environment="test").json()
    assert len(events) == 3


def _fail(sdk: Any) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        sdk.capture_exception(error)
        raise


def test_check_ins_are_read_back_in_pages(lab: RunningLab, sdk: Any) -> None:
    for status in ("ok", "error", "ok"):
        capture_checkin(monitor_slug="http-gra", status=status, duration=0.25)
    sdk.flush(10)
    path = "/organizations/heart/monitors/http-gra/checkins/"
    eventually(lambda: len(sentry(lab, path).json()) == 3)
    first = sentry(lab, path, per_page=2)
    assert 'results="true"' in first.headers["Link"]
    rest = sentry(lab, path, per_page=2, cursor=first.links["next"]["cursor"])
    assert 'results="false"' in rest.headers["Link"]
    shown = [*first.json(), *rest.json()]
    assert sorted(each["status"] for each in shown) == ["error", "ok", "ok"]
    assert {each["duration"] for each in shown} == {250}


def test_a_transaction_is_stored_with_its_length_at_both_sites(lab: RunningLab, sdk: Any) -> None:
    with sdk.start_transaction(op="test", name="measured"):
        pass
    sdk.flush(10)
    roles = {site: state["role"] for site, state in lab.control.call("status")["tools"].items()}
    assert roles == {"gra": "primary", "fra": "mirror"}
    # the mirror's receivers answer from the mirror's database
    token = {"Authorization": f"Bearer {lab.access('sentry.token')}"}
    path = "/api/0/organizations/heart/monitors/http-gra/checkins/"
    eventually(lambda: lab.tools("GET", path, "sentry", "fra", headers=token).status_code in (200, 503))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {}}, 401),
        ({"headers": {"X-Sentry-Auth": "Sentry sentry_version=7, sentry_key=wrong"}}, 403),
        ({"path": "/api/77/envelope/"}, 403),
        ({"data": b"nonsense"}, 400),
        ({"data": b'{}\n{"type":"profile_of_the_patient"}\n{}\n'}, 400),
    ],
)
def test_what_sentry_refuses_is_refused_here(lab: RunningLab, changes: dict[str, Any], status: int) -> None:
    auth = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={lab.access('sentry.key')}"}
    call = {"path": "/api/2/envelope/", "headers": auth, "data": b"{}\n", **changes}
    answer = lab.tools("POST", service="sentry", **call)
    assert answer.status_code == status
    assert (answer.headers["Stand-In"], answer.headers["Serving-Site"]) == ("zweitherz", "gra")


def test_beyond_the_quota_the_answer_says_how_long_to_wait(lab: RunningLab) -> None:
    auth = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={lab.access('sentry.key')}"}
    body = b"{}\n" + b'{"type":"client_report"}\n{}\n' * 1001  # the quota holds two seconds of 500
    answer = lab.tools("POST", "/api/2/envelope/", "sentry", headers=auth, data=body)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["X-Sentry-Rate-Limits"].endswith("::organization")


def test_the_web_api_wants_its_token(lab: RunningLab) -> None:
    assert lab.tools("GET", "/api/0/organizations/heart/issues/", "sentry").status_code == 401
    assert sentry(lab, "/organizations/nobody/issues/").status_code == 404
    assert sentry(lab, "/organizations/heart/issues/", cursor="x").status_code == 400


def reported(lab: RunningLab, method: str, **more: Any) -> Any:
    call = {
        "module": "API",
        "format": "JSON",
        "method": method,
        "idSite": "1",
        "token_auth": lab.access("matomo.token"),
    }
    return lab.tools("POST", "/index.php", "matomo", data={**call, **more}).json()


def test_a_phones_bulk_request_is_counted_and_what_is_invalid_is_told(lab: RunningLab) -> None:
    visitor = "0123456789abcdef"
    before = reported(lab, "Live.getCounters", lastMinutes="5")[0]["actions"]
    event = f"?idsite=1&rec=1&_id={visitor}&e_c=tried&e_a=ok&e_v=120&cdt={int(time.time())}&uid=p-000007"
    requests_ = [event, event.replace("e_a=ok", "e_a=late"), "?idsite=9&rec=1", f"?idsite=1&rec=1&_id={visitor}&cdt=5"]
    answer = lab.tools("POST", "/matomo.php", "matomo", data=json.dumps({"requests": requests_}))
    assert (answer.status_code, answer.json()["tracked"], answer.json()["invalid"]) == (200, 2, 2)
    assert reported(lab, "Live.getCounters", lastMinutes="5")[0]["actions"] == before + 2
    (category,) = [
        each
        for each in reported(
            lab, "Events.getCategory", period="day", date="today", secondaryDimension="eventAction", expanded="1"
        )
        if each["label"] == "tried"
    ]
    assert {each["label"]: each["nb_events"] for each in category["subtable"]} == {"ok": 1, "late": 1}


def test_one_action_answers_204_without_a_picture(lab: RunningLab) -> None:
    query = "/matomo.php?idsite=1&rec=1&action_name=start&url=app%3A%2F%2Fstart"
    assert lab.tools("GET", f"{query}&send_image=0", "matomo").status_code == 204
    picture = lab.tools("GET", query, "matomo")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/gif")
    assert lab.tools("GET", "/matomo.php?idsite=4&rec=1", "matomo").status_code == 400


def test_errors_of_the_reporting_api_come_as_200(lab: RunningLab) -> None:
    assert reported(lab, "API.getMatomoVersion")["value"]
    assert reported(lab, "Live.getCounters", token_auth="wrong")["result"] == "error"  # noqa: S106 - wrong on purpose
    assert reported(lab, "VisitsSummary.get")["result"] == "error"


def test_prometheus_and_alertmanager_are_the_real_ones_and_want_their_token(lab: RunningLab) -> None:
    assert lab.tools("GET", "/api/v1/status/buildinfo", "prometheus").status_code == 401
    assert lab.tools("GET", "/api/v2/status", "alertmanager").status_code == 401
    token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
    for site in ("gra", "fra"):
        info = lab.tools("GET", "/api/v1/status/buildinfo", "prometheus", site, headers=token).json()
        assert info["data"]["goVersion"].startswith("go")

    def peers() -> bool:
        status = lab.tools("GET", "/api/v2/status", "alertmanager", headers=token).json()
        return len(status["cluster"]["peers"]) == 2

    eventually(peers)


def test_a_page_reaches_each_channel_once_though_both_sites_raise_it(lab: RunningLab) -> None:
    token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
    labels = {"alertname": "Tried", "site": "fra", "sloth_severity": "page"}
    alert = [{"labels": labels, "annotations": {"summary": "a test"}}]
    for site in ("gra", "fra"):
        assert lab.tools("POST", "/api/v2/alerts", "alertmanager", site, headers=token, json=alert).status_code == 200

    def delivered() -> list[dict[str, Any]]:
        return [each for each in lab.control.call("deliveries")["deliveries"] if each["alert"] == "Tried"]

    eventually(lambda: len(delivered()) >= 2)
    assert sorted(each["channel"] for each in delivered()) == ["oncall", "pager"]
    for each in delivered():
        assert (each["state"], each["site"]) == ("firing", "fra")
        assert each["t"] <= time.monotonic_ns()


_POST = """
import http.client, socket, ssl, sys
address, name, ca, token = sys.argv[1:]
plain = socket.create_connection((address, 443), 5)
client = http.client.HTTPConnection(name)
client.sock = ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname=name)
client.request("POST", "/alerts", b'{"alerts": 7}', {"Authorization": "Bearer " + token})
print(client.getresponse().status)
"""


@pytest.mark.parametrize(("token", "status"), [("wrong", "401"), ("right", "400")])
def test_without_the_token_or_the_form_nothing_is_delivered(lab: RunningLab, token: str, status: str) -> None:
    count = len(lab.control.call("deliveries")["deliveries"])
    name, address = model.ONCALL["pager"]
    given = lab.access("oncall.token") if token == "right" else token  # noqa: S105 - no secret
    ca = str(lab.folder / "ca.pem")
    assert lab.inside("witness", sys.executable, "-c", _POST, address, name, ca, given) == status
    assert len(lab.control.call("deliveries")["deliveries"]) == count
