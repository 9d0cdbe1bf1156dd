"""The contract of the vitals service, spoken over TLS with a real lab."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.lab.running import RunningLab, eventually
from tests.lab.upload import bundle, token

pytestmark = pytest.mark.lab


def test_an_upload_is_acknowledged_with_id_digest_site_and_version(lab: RunningLab) -> None:
    body = json.dumps(bundle("contract-1")).encode()
    answer = lab.upload("contract-1", body=body)
    assert answer.status_code == 201
    assert answer.headers["Upload-Digest"] == hashlib.sha256(body).hexdigest()
    assert answer.headers["Upload-Ack"] == answer.json()["id"]
    assert (answer.headers["Serving-Site"], answer.headers["Serving-Role"]) == ("fra", "active")
    assert answer.headers["Service-Version"]


def test_the_same_key_is_stored_once_and_another_body_is_refused(lab: RunningLab) -> None:
    first, again = lab.upload("once"), lab.upload("once")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Upload-Replayed"] == "true"
    assert first.headers["Upload-Ack"] == again.headers["Upload-Ack"]
    other = lab.upload("once", body=json.dumps(bundle("once", seq=2)).encode())
    assert other.status_code == 422
    assert other.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (401, {"Authorization": None}),
        (401, {"Authorization": "Bearer forged"}),
        (415, {"Content-Type": "text/plain"}),
        (400, {"body": b"not json"}),
        (413, {"body": b"x" * (300 << 10)}),
        (422, {"body": b"{}"}),
    ],
)
def test_what_the_service_does_not_take_is_refused_with_an_outcome(
    lab: RunningLab, status: int, changes: dict[str, Any]
) -> None:
    answer = lab.upload(**changes)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.headers["Serving-Site"] == "fra"


def test_another_patients_data_can_neither_be_written_nor_read(lab: RunningLab) -> None:
    stranger = {"Authorization": f"Bearer {token(lab.key, 'p-000008')}"}
    assert lab.upload(**stranger).status_code == 403
    assert lab.request("GET", "/fhir/Observation?patient=p-000007", headers=stranger).status_code == 403
    assert lab.request("GET", "/fhir/$export", headers=stranger).status_code == 403


def test_a_patient_reads_his_uploads_in_pages_without_gaps(lab: RunningLab) -> None:
    for _ in range(5):
        assert lab.upload().status_code == 201
    own = {"Authorization": f"Bearer {token(lab.key)}"}
    whole = lab.request("GET", "/fhir/Observation?patient=p-000007&_count=200", headers=own).json()
    found, path = [], "/fhir/Observation?patient=p-000007&_count=2"
    while path:
        page = lab.request("GET", path, headers=own).json()
        found += [entry["resource"]["id"] for entry in page["entry"]]
        path = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert len(found) >= 5
    assert found == [entry["resource"]["id"] for entry in whole["entry"]]


def test_the_export_is_complete_and_proves_it(lab: RunningLab) -> None:
    acks = {lab.upload().headers["Upload-Ack"] for _ in range(3)}
    begun = lab.request("GET", "/fhir/$export", headers=lab.auditor())
    assert begun.status_code == 202

    def finished() -> Any:
        answer = lab.request("GET", begun.headers["Content-Location"], headers=lab.auditor())
        assert answer.status_code in (200, 202)
        return answer.status_code == 200 and answer.json()

    manifest = eventually(finished)
    rows = lab.request("GET", manifest["output"][0]["url"], headers=lab.auditor()).content
    lines = [json.loads(line) for line in rows.splitlines()]
    proof = manifest["extension"]["proof"]
    assert proof["count"] == len(lines) == manifest["output"][0]["count"]
    assert proof["sha256"] == hashlib.sha256(rows).hexdigest()
    assert proof["last_ack"] == int(lines[-1]["id"])
    assert acks <= {line["id"] for line in lines}


def test_the_mirror_is_alive_but_neither_ready_nor_taking_uploads(lab: RunningLab) -> None:
    at = ["--max-time", "5", "-sk", "-o", "/dev/null", "-w", "%{http_code}"]
    inside = f"nsenter --target {lab.control.call('services', site='gra')['services'][0]['pid']}"
    assert inside  # the mirror's servers answer on their own loopback only; its balancer sends nobody to them
    code = lab.inside("witness", "curl", *at, f"https://{lab.target.site('gra').address}/health/ready", check=False)
    assert code == "000"
    assert lab.request("GET", "/health/live").status_code == 200
    assert lab.request("GET", "/health/ready").status_code == 200


def test_the_store_as_the_auditor_sees_it_equals_the_export(lab: RunningLab) -> None:
    ack = lab.upload().headers["Upload-Ack"]
    file = lab.folder / "rows.ndjson"
    answers = {site: lab.control.call("readback", site=site, file=str(file))["proof"] for site in ("fra", "gra")}
    assert answers["fra"]["count"] == answers["gra"]["count"] > 0
    assert int(ack) <= answers["gra"]["last_ack"]
