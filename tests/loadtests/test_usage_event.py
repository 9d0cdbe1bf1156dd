from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from loadtests.usage_event import Encoder, Noted
from results.identity import operation, patient_name

S = 1_000_000_000
MS = 1_000_000
PATIENT = 104_729


def noted(number: int = 7, patient: int = PATIENT, seq: int = 3, error: str = "") -> Noted:
    """Intended at 1000 s, begun 1.25 s later, ended 0.5 s after that."""
    return Noted(
        number, operation(patient, seq), "keep-alive", error, 1000 * S, 1000 * S + 1250 * MS, 1000 * S + 1750 * MS
    )


def fields(encoder: Encoder, event: Noted) -> dict[str, str]:
    query = encoder.query(event)
    assert query.startswith("?")
    pairs = parse_qsl(query[1:], keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), "no field twice"
    return dict(pairs)


def test_every_field_of_an_acknowledgement() -> None:
    found = fields(Encoder(4, "tag9", 2), noted())
    assert re.fullmatch(r"[0-9a-f]{16}", found.pop("_id"))
    assert re.fullmatch(r"[0-9a-f]{6}", found.pop("pv_id"))
    assert found == {
        "idsite": "4",
        "rec": "1",
        "send_image": "0",
        "url": "app://vitals/upload",
        "e_c": "upload",
        "e_a": "ok",
        "e_n": "keep-alive",
        "e_v": "1750",
        "pf_srv": "500",
        "cdt": "1001",
        "dimension1": "tag9-2-7",
    }


def test_a_failed_attempt_has_its_error_class_and_no_time_to_an_acknowledgement() -> None:
    found = fields(Encoder(4, "tag9", 2), noted(error="http-503"))
    assert (found["e_a"], found["pf_srv"]) == ("http-503", "500")
    assert "e_v" not in found


def test_what_a_plan_may_call_a_client_class_cannot_add_a_field() -> None:
    odd = noted()._replace(client='a&uid="7" ä')
    encoder = Encoder(1, "t", 0)
    assert fields(encoder, odd)["e_n"] == 'a&uid="7" ä'
    assert len(fields(encoder, odd)) == len(fields(encoder, noted()))


def test_nothing_names_the_patient_or_the_upload() -> None:
    op = operation(PATIENT, 3)
    query = Encoder(1, "tag9", 0).query(noted())
    for name in (patient_name(PATIENT), str(PATIENT), f"{PATIENT:x}", str(op), f"{op:x}", f"tag9-{op:x}"):
        assert name not in query


def test_a_pseudonym_is_stable_within_a_run_and_another_in_the_next() -> None:
    one, other = Encoder(1, "t", 0), Encoder(1, "t", 0)
    first, later = fields(one, noted()), fields(one, noted(8, seq=4))
    assert first["_id"] == later["_id"]
    assert first["pv_id"] != later["pv_id"], "another upload"
    assert fields(one, noted(9, error="reset"))["pv_id"] == first["pv_id"], "another attempt of the same upload"
    assert fields(other, noted())["_id"] != first["_id"]
    visitors = {fields(one, noted(patient=patient))["_id"] for patient in range(5000)}
    assert len(visitors) == 5000


def test_the_key_of_the_pseudonyms_is_not_in_the_order_and_not_in_what_is_sent() -> None:
    encoder = Encoder(1, "t", 0)
    (key,) = [value for value in vars(encoder).values() if isinstance(value, bytes)]
    assert len(key) == 32
    assert key.hex() not in encoder.bulk([noted()]).decode()


def test_a_bulk_is_json_with_one_query_an_event() -> None:
    encoder = Encoder(1, "t", 0)
    events = [noted(number) for number in range(3)]
    assert json.loads(encoder.bulk(events)) == {"requests": [encoder.query(each) for each in events]}
