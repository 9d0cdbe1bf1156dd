from __future__ import annotations

import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.vitals.bundle import read_upload
from loadtests.vitals import SIGNALS, reading
from results.plan import Plan

NOON, NIGHT = 1_795_435_200_000_000_000, 1_795_402_800_000_000_000  # 2026-11-23, 12:00 and 03:00 UTC
NAME = "Kanari abcd1234-7"
CONDITIONS = list(Plan(drill="t").population.conditions)


@given(
    patient=st.integers(0, 2**31 - 1),
    seq=st.integers(1, 2**24 - 1),
    condition=st.sampled_from(CONDITIONS),
    seed=st.integers(),
)
def test_every_reading_is_taken_by_the_service(patient: int, seq: int, condition: str, seed: int) -> None:
    made = reading(seed, patient, seq, condition, "abcd1234-7", NAME, NOON)
    upload = read_upload(made.body, "abcd1234-7")
    assert (upload.patient, upload.seq) == (f"p-{patient:06d}", seq)
    assert made.signal in dict(SIGNALS)


def test_the_same_reading_is_the_same_bytes() -> None:
    first, again = (reading(1, 7, 3, "hypertension", "k", NAME, NOON) for _ in range(2))
    assert first == again
    assert reading(2, 7, 3, "hypertension", "k", NAME, NOON) != first


@pytest.mark.parametrize("seq", range(1, 9))
def test_every_observation_names_its_patient(seq: int) -> None:
    whole = json.loads(reading(1, 7, seq, "hypertension", "k", NAME, NOON).body)
    assert {entry["resource"]["subject"]["display"] for entry in whole["entry"]} == {NAME}


def test_all_data_are_tagged_as_test_data() -> None:
    whole = json.loads(reading(1, 7, 1, "hypertension", "k", NAME, NOON).body)
    tags = [whole["meta"]["tag"], *(entry["resource"]["meta"]["tag"] for entry in whole["entry"])]
    assert {tag[0]["code"] for tag in tags} == {"HTEST"}


def pulses(condition: str, at: int) -> list[float]:
    made = (reading(1, patient, 1, condition, "k", NAME, at) for patient in range(4000))
    return [
        json.loads(each.body)["entry"][0]["resource"]["valueQuantity"]["value"]
        for each in made
        if each.signal == "heart-rate"
    ]


def test_conditions_and_the_time_of_day_show_in_the_heart_rate() -> None:
    noon = {condition: statistics.mean(pulses(condition, NOON)) for condition in CONDITIONS}
    assert noon["atrial-fibrillation"] > noon["hypertension"] > noon["coronary-disease"]
    assert statistics.mean(pulses("hypertension", NIGHT)) < noon["hypertension"] - 4
    assert statistics.stdev(pulses("atrial-fibrillation", NOON)) > 1.3 * statistics.stdev(
        pulses("coronary-disease", NOON)
    )


@pytest.mark.parametrize(("signal", "share"), SIGNALS)
def test_signals_come_in_their_shares(signal: str, share: float) -> None:
    made = [reading(1, patient, 1, "hypertension", "k", NAME, NOON).signal for patient in range(5000)]
    assert made.count(signal) / 5000 == pytest.approx(share, abs=0.03)
