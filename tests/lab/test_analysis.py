"""The contract of the analysis service, spoken over TLS with a real lab: REST, the live stream, metrics, its way in."""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

import pytest
import requests
import websocket
from requests.adapters import HTTPAdapter

from lab import model
from lab.analysis.stream import LONGEST_MESSAGE
from lab.services.analysis import HOST, METRICS_PORT
from tests.lab.live import ask, extension, live, observation, outcome
from tests.lab.running import RunningLab, eventually
from tests.lab.upload import pressure, token

pytestmark = pytest.mark.lab


class Named(HTTPAdapter):
    """Speaks to a gate on the loopback by the service's public name: the balancer routes by it."""

    def init_poolmanager(self, *args: Any, **more: Any) -> Any:
        return super().init_poolmanager(*args, **more, server_hostname=HOST, assert_hostname=HOST)


def request(lab: RunningLab, method: str, path: str, site: str = "fra", **more: Any) -> requests.Response:
    with requests.Session() as session:
        session.mount("https://", Named())
        headers = {"Host": HOST, **more.pop("headers", {})}
        url = lab.url(site) + path
        return session.request(method, url, headers=headers, verify=str(lab.folder / "ca.pem"), timeout=10, **more)


def assess(lab: RunningLab, body: Any, site: str = "fra", **headers: str | None) -> requests.Response:
    given = {"Authorization": f"Bearer {token(lab.key)}", "Content-Type": "application/fhir+json", **headers}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    shown = {name: value for name, value in given.items() if value is not None}
    return request(lab, "POST", "/analysis", site, data=data, headers=shown)


@pytest.mark.parametrize("site", ["fra", "gra"])
def test_a_grave_blood_pressure_is_found_with_rule_source_and_site_at_either_site(lab: RunningLab, site: str) -> None:
    answer = assess(lab, observation(seq=12, **pressure(182, 95)), site)
    assert (answer.status_code, answer.headers["Serving-Site"]) == (200, site)
    finding = answer.json()
    assert (finding["resourceType"], outcome(finding)) == ("RiskAssessment", "irregular")
    assert extension(finding, "urn:zweitherz:site") == site
    assert finding["basis"][0]["identifier"]["value"] == "12"
    (prediction,) = finding["prediction"]
    assert prediction["outcome"]["text"] == "hypertension grade 3"
    assert "at least 180 mm[Hg]" in prediction["rationale"]
    assert "ESC/ESH" in finding["method"]["text"]


def test_a_regular_reading_has_no_prediction(lab: RunningLab) -> None:
    finding = assess(lab, observation()).json()
    assert outcome(finding) == "regular"
    assert "prediction" not in finding


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (401, observation(), {"Authorization": None}),
        (401, observation(), {"Authorization": "Bearer forged"}),
        (403, observation(patient="p-000008"), {}),
        (415, observation(), {"Content-Type": "text/plain"}),
        (400, b"not json", {}),
        (400, b"[" * 100_000, {}),
        (413, b"x" * (300 << 10), {}),
        (422, [], {}),
        (422, {"resourceType": "Observation"}, {}),
        (422, observation(code={"coding": [{"system": "http://loinc.org", "code": "2339-0"}]}), {}),
        (422, observation(identifier=[{"system": "urn:zweitherz:seq", "value": "²"}]), {}),
    ],
)
def test_what_the_service_does_not_take_is_refused_with_an_outcome(
    lab: RunningLab, status: int, body: Any, headers: dict[str, str | None]
) -> None:
    answer = assess(lab, body, **headers)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert answer.headers["Serving-Site"] == "fra"


def test_a_token_that_may_only_read_gets_no_finding(lab: RunningLab) -> None:
    reader = f"Bearer {token(lab.key, scope='patient/*.read')}"
    assert assess(lab, observation(), Authorization=reader).status_code == 403


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/analysis", 405), ("GET", "/fhir/Observation", 404)])
def test_other_routes_are_not_there(lab: RunningLab, method: str, path: str, status: int) -> None:
    answer = request(lab, method, path)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")


@pytest.mark.parametrize("site", ["fra", "gra"])
def test_it_is_ready_at_both_sites(lab: RunningLab, site: str) -> None:
    answer = request(lab, "GET", "/health/ready", site)
    assert (answer.status_code, answer.headers["Serving-Site"]) == (200, site)


def test_readings_on_a_stream_are_answered_in_their_order(lab: RunningLab) -> None:
    with live(lab) as stream:
        for seq in range(1, 101):
            stream.send_text(json.dumps(observation(seq, **(pressure(170, 80) if seq % 2 else {}))))
        findings = [json.loads(stream.recv()) for _ in range(100)]
    assert [int(each["basis"][0]["identifier"]["value"]) for each in findings] == list(range(1, 101))
    assert [outcome(each) for each in findings] == ["irregular", "regular"] * 50
    assert {extension(each, "urn:zweitherz:site") for each in findings} == {"fra"}


def test_what_is_no_reading_is_answered_and_the_stream_goes_on(lab: RunningLab) -> None:
    with live(lab) as stream:
        for message, code in (("{bad", "structure"), ("[]", "structure"), (json.dumps({"a": 1}), "required")):
            answer = ask(stream, message)
            assert (answer["resourceType"], answer["issue"][0]["code"]) == ("OperationOutcome", code)
        assert ask(stream, observation(patient="p-000008"))["issue"][0]["code"] == "forbidden"
        assert outcome(ask(stream, observation())) == "regular"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("x" * LONGEST_MESSAGE, None),
        ("x" * (LONGEST_MESSAGE + 1), 1009),
        ("é" * (LONGEST_MESSAGE // 2 + 1), 1009),  # two bytes each: fewer characters than the limit, more bytes
        (b"{}", 1003),
    ],
)
def test_a_message_of_the_wrong_kind_or_length_closes_the_stream(
    lab: RunningLab, message: str | bytes, code: int | None
) -> None:
    with live(lab) as stream:
        stream.send(message, websocket.ABNF.OPCODE_BINARY if isinstance(message, bytes) else websocket.ABNF.OPCODE_TEXT)
        kind, said = stream.recv_data()
        if code is None:
            assert json.loads(said)["resourceType"] == "OperationOutcome"
        else:
            assert (kind, int.from_bytes(said[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, code)


def test_a_ping_is_answered(lab: RunningLab) -> None:
    with live(lab) as stream:
        stream.ping("still there?")
        assert stream.recv_data(control_frame=True) == (websocket.ABNF.OPCODE_PONG, b"still there?")


@pytest.mark.parametrize(("bearer", "status"), [("", 401), ("forged", 401), ("reader", 403)])
def test_who_may_not_write_is_refused_before_the_upgrade(lab: RunningLab, bearer: str, status: int) -> None:
    given = token(lab.key, scope="patient/*.read") if bearer == "reader" else bearer
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, live(lab, given):
        pass
    assert refused.value.status_code == status
    assert json.loads(refused.value.resp_body)["resourceType"] == "OperationOutcome"
    assert refused.value.resp_headers["serving-site"] == "fra"


def test_a_stream_ends_with_its_token(lab: RunningLab) -> None:
    ends = int(time.time()) + 3
    with live(lab, token(lab.key, exp=ends)) as stream:
        assert outcome(ask(stream, observation())) == "regular"

        def closed() -> tuple[int, bytes] | None:
            stream.send_text(json.dumps(observation()))
            kind, said = stream.recv_data()
            return (kind, said[:2]) if kind == websocket.ABNF.OPCODE_CLOSE else None

        assert eventually(closed) == (websocket.ABNF.OPCODE_CLOSE, (4401).to_bytes(2, "big"))
        assert time.time() >= ends


_SCRAPE = """
import http.client, ssl, sys
address, port, pem, ca = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if pem:
    context.load_cert_chain(pem)
client = http.client.HTTPSConnection(address, int(port), timeout=5, context=context)
client.request("GET", "/metrics")
print(client.getresponse().read().decode())
"""


def figures(lab: RunningLab) -> dict[str, float]:
    """The service's metrics at fra, asked from the other site over the private link."""
    pem, ca = str(lab.folder / "secrets/private.pem"), str(lab.folder / "ca.pem")
    text = lab.inside("gra", sys.executable, "-c", _SCRAPE, model.PRIVATE["fra"], str(METRICS_PORT), pem, ca)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_findings_and_streams_are_counted_without_a_patient(lab: RunningLab) -> None:
    before = figures(lab)
    with live(lab) as stream:
        ask(stream, observation(**pressure(150, 80)))
        ask(stream, "{bad")
        during = figures(lab)
    assert during["analysis_streams"] == before["analysis_streams"] + 1
    eventually(lambda: figures(lab)["analysis_streams"] == before["analysis_streams"])
    for outcome_ in ("irregular", "refused"):
        name = f'analysis_findings_total{{outcome="{outcome_}"}}'
        assert during[name] == before[name] + 1
    assert during["analysis_seconds_count"] == before["analysis_seconds_count"] + 2
    assert not [name for name in during if "p-0" in name]


def test_without_a_certificate_of_the_house_nobody_sees_its_metrics(lab: RunningLab) -> None:
    ca = str(lab.folder / "ca.pem")
    scrape = (sys.executable, "-c", _SCRAPE, model.PRIVATE["fra"], str(METRICS_PORT), "", ca)
    assert lab.inside("gra", *scrape, check=False) == ""


def test_prometheus_scrapes_it_at_both_sites(lab: RunningLab) -> None:
    headers = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}

    def up() -> list[str]:
        answer = lab.tools(
            "GET", "/api/v1/query", "prometheus", headers=headers, params={"query": 'up{job="analysis"}'}
        )
        return sorted(each["metric"]["site"] for each in answer.json()["data"]["result"] if each["value"][1] == "1")

    assert eventually(lambda: up() == ["fra", "gra"])


def test_the_log_names_no_patient(lab: RunningLab) -> None:
    assess(lab, observation(**pressure(199, 120)))
    text = (lab.folder / "logs/fra/analysis.log").read_text()
    assert '"event": "started"' in text
    assert not [word for word in ("p-0", "199", "Observation") if word in text]


def test_a_probe_that_connects_without_a_word_is_let_in_and_other_names_reach_the_uploads(lab: RunningLab) -> None:
    with socket.create_connection(("127.0.0.1", lab.up.gates["fra"]), 5) as silent:
        silent.settimeout(0.5)
        with pytest.raises(TimeoutError):
            silent.recv(1)
    assert lab.upload().status_code == 201
