"""What a monitor's test patient shows and measures, as the product's services read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.analysis.rules import assess
from lab.vitals.access import caller
from lab.vitals.observation import read_observation
from lab.vitals.outcome import Refusal
from monitors.patient import TestPatient
from results.identity import MONITOR_PATIENTS, patient_index
from targets.model import Target
from tests.lab.upload import KEY
from tests.targets.target import description


@pytest.fixture
def patient(tmp_path: Path) -> TestPatient:
    key = tmp_path / "token.key"
    key.write_text(f"{KEY}\n")
    return TestPatient(Target.model_validate(description(secrets={"token_key_file": key})), 2)


def test_his_token_is_his_own_and_ends(patient: TestPatient) -> None:
    caller(patient.bearer(60).encode(), KEY).must_be(patient.name, "patient/*.write")
    with pytest.raises(Refusal):
        caller(patient.bearer(-1).encode(), KEY)


def test_he_is_no_patient_of_the_product(patient: TestPatient) -> None:
    assert patient_index(patient.name) == MONITOR_PATIENTS + 2


def test_his_readings_are_taken_and_regular(patient: TestPatient) -> None:
    reading = read_observation(patient.observation(5), "Observation")
    assert (reading.patient, reading.seq) == (patient.name, 5)
    assert assess(reading).outcome == "regular"
