"""How operations and patients are named, on the wire and in the evidence.

operation  ``op = patient << 24 | seq`` (int64): the same for any number of workers
patient    ``p-000123`` on the wire: the index, at least six digits
monitor    patients from `MONITOR_PATIENTS` on belong to monitors: their readings are no patient's
key        ``<tag>-<op in hex>``: the Idempotency-Key of all attempts; the tag keeps runs apart
"""

from __future__ import annotations

import re

MONITOR_PATIENTS = 2_147_000_000  # test patients: real ones come after, as far as an int32 goes
_SEQ_BITS = 24
_PATIENT = re.compile(r"p-(\d{6,10})")


def operation(patient: int, seq: int) -> int:
    """The operation id of a patient's `seq`-th reading (1, 2, 3 …)."""
    if not 0 < seq < 1 << _SEQ_BITS:
        raise ValueError(f"seq {seq}: must be 1 to {(1 << _SEQ_BITS) - 1}")
    return patient << _SEQ_BITS | seq


def patient_of(op: int) -> int:
    return op >> _SEQ_BITS


def seq_of(op: int) -> int:
    return op & ((1 << _SEQ_BITS) - 1)


def patient_name(patient: int) -> str:
    return f"p-{patient:06d}"


def patient_index(name: str) -> int | None:
    """The index of a patient's name, or None where it is no name of ours."""
    match = _PATIENT.fullmatch(name)
    return int(match[1]) if match else None


def idempotency_key(tag: str, op: int) -> str:
    return f"{tag}-{op:x}"


def operation_of_key(tag: str, key: str) -> int | None:
    """The operation of a key of the run with that tag, or None for a foreign key."""
    prefix, separator, digits = key.rpartition("-")
    if prefix != tag or not separator:
        return None
    try:
        op = int(digits, 16)
    except ValueError:
        return None
    return op if idempotency_key(tag, op) == key else None
