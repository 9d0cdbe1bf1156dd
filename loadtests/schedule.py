"""When each patient's readings are due: an open arrival schedule, computed from the seed before the first upload.

How the service answers changes nothing here, and neither does the number of workers: every worker computes the whole
schedule and takes the rows of its patients.

Many patients (24 million readings of 12 million): a row is packed into one number (due, patient, seq: high bits to low), so that
sorting the numbers sorts the rows, and the digest is made piece by piece. Same rows, same digest, in less than half the time and
a third of the memory of columns sorted by an index (docs/scale.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loadtests.population import Patients
from results.plan import Load

_BLOCK = 1 << 20  # patients drawn at once, rows unpacked at once: memory for what lies in between stays small
_BITS = 63
Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]


@dataclass(frozen=True)
class Schedule:
    """Columns of equal length in order of time: `due_ns` from the start, `patient`, `seq` (1, 2, 3 … per patient)."""

    due_ns: npt.NDArray[np.int64]
    patient: npt.NDArray[np.int32]
    seq: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.due_ns)

    def digest(self) -> str:
        """SHA-256 over all rows: the same schedule has the same digest."""
        whole = hashlib.sha256()
        for column in (self.due_ns, self.patient, self.seq):
            whole.update(np.ascontiguousarray(column).data)
        return whole.hexdigest()

    def of_worker(self, worker: int, workers: int) -> Schedule:
        """The rows of the patients of one worker: those with patient % workers == worker."""
        mine = self.patient % workers == worker
        return Schedule(self.due_ns[mine], self.patient[mine], self.seq[mine])


def share(worker: int, workers: int, patients: int) -> int:
    """How many of so many patients are a worker's."""
    return len(range(worker, patients, workers))


@dataclass(frozen=True)
class Packed:
    """The rows of a schedule, each one number: ``due | patient | seq``, in order. `unit_ns`: what `due` counts."""

    rows: npt.NDArray[np.int64]
    unit_ns: int
    patient_bits: int
    seq_bits: int

    def digest(self) -> str:
        """As `Schedule.digest` of the same rows."""
        whole = hashlib.sha256()
        for column in range(3):
            for begin in range(0, len(self.rows), _BLOCK):
                whole.update(self._columns(self.rows[begin : begin + _BLOCK])[column].data)
        return whole.hexdigest()

    def of_worker(self, worker: int, workers: int) -> Schedule:
        """As `Schedule.of_worker`."""
        blocks = (self.rows[begin : begin + _BLOCK] for begin in range(0, len(self.rows), _BLOCK))
        mine = [block[self._patient(block) % workers == worker] for block in blocks]
        return Schedule(*self._columns(np.concatenate(mine) if mine else self.rows))

    def _patient(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return rows >> self.seq_bits & ((1 << self.patient_bits) - 1)

    def _columns(self, rows: npt.NDArray[np.int64]) -> Columns:
        due = (rows >> (self.patient_bits + self.seq_bits)) * self.unit_ns
        seq = rows & ((1 << self.seq_bits) - 1)
        return due, self._patient(rows).astype(np.int32), seq.astype(np.int32)


def make_schedule(patients: Patients, load: Load, seed: int, horizon_s: float) -> Schedule:
    """All readings due within `horizon_s` of the start.

    A patient's readings lie at phase + (k + u) periods, k = -1, 0, 1 …, u uniform within ± `load.jitter`, as far as that is
    not before the start; then on the grid of `load.grid_ms` (upwards). Jitter is round the regular time and does not add
    up, so the rate is even from the first second to the last. Ties are in order of the patient.

    With `load.ramp_s` the rate rises evenly from none to all of it over so long: of what lies at t < ramp_s, a share of
    t / ramp_s is kept (thinning, as of Lewis and Shedler 1979), and who is left out comes with the next period.
    """
    drawn = list(_drawn(patients, load, seed, horizon_s))
    due_ns, patient, seq = (np.concatenate(column) for column in zip(*drawn, strict=True))
    order = np.lexsort((patient, due_ns))
    return Schedule(due_ns[order], patient[order], seq[order])


def make_share(
    patients: Patients, load: Load, seed: int, horizon_s: float, worker: int, workers: int
) -> tuple[Schedule, str]:
    """The rows of one worker, and the digest of the whole: what `make_schedule` gives, and never all columns in memory."""
    packed = pack(patients, load, seed, horizon_s)
    if packed is None:
        whole = make_schedule(patients, load, seed, horizon_s)
        return whole.of_worker(worker, workers), whole.digest()
    return packed.of_worker(worker, workers), packed.digest()


def pack(patients: Patients, load: Load, seed: int, horizon_s: float) -> Packed | None:
    """The same rows, packed. None where due, patient and seq have too many bits together (no grid, and very many patients)."""
    unit_ns = load.grid_ms * 1_000_000 or 1
    most_readings = (
        int(horizon_s / float(patients.period_s.min())) + 3
    )  # jitter at both ends, and the round before the start
    seq_bits, patient_bits = most_readings.bit_length(), len(patients).bit_length()
    due_bits = int(horizon_s * 1e9 / unit_ns + 1).bit_length()
    if due_bits + patient_bits + seq_bits > _BITS:
        return None
    shift = patient_bits + seq_bits
    parts = [
        (due // unit_ns) << shift | who.astype(np.int64) << seq_bits | seq
        for due, who, seq in _drawn(patients, load, seed, horizon_s)
    ]
    rows = np.empty(sum(map(len, parts)), np.int64)
    at = len(rows)
    while parts:  # each is given back as soon as it is copied
        part = parts.pop()
        rows[at - len(part) : at] = part
        at -= len(part)
    rows.sort()
    return Packed(rows, unit_ns, patient_bits, seq_bits)


def _drawn(patients: Patients, load: Load, seed: int, horizon_s: float) -> Iterator[Columns]:
    """Due, patient and seq, a block of patients at a time, each patient's in their order.

    Numbers of a generator come in the same order in blocks as at once.
    """
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 9]))
    thinning = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 10]))
    blocks = [slice(begin, begin + _BLOCK) for begin in range(0, len(patients), _BLOCK)]
    count = np.zeros(len(patients), np.int32)
    grid = load.grid_ms * 1_000_000
    k = -1
    while k < 0 or any(_goes_on(patients, block, k - load.jitter, horizon_s) for block in blocks):
        for block in blocks:
            period, earliest = patients.period_s[block], patients.phase_s[block].astype(np.float64)
            # drawn for everybody, so that the horizon does not change anybody's later readings
            shift = k + load.jitter * (2 * rng.random(len(period)) - 1)
            at = earliest + shift * period
            takes_part = at >= 0
            if load.ramp_s:
                takes_part &= at >= load.ramp_s * thinning.random(len(period))
            mine = np.flatnonzero(takes_part & (at < horizon_s)).astype(np.int32)
            counted = count[block]
            counted[takes_part] += 1  # a view: `count` itself
            due_ns = (at[mine] * 1e9).astype(np.int64)
            if grid:
                due_ns = -(-due_ns // grid) * grid
            yield due_ns, mine + np.int32(block.start), counted[mine]
        k += 1


def _goes_on(patients: Patients, block: slice, shift: float, horizon_s: float) -> bool:
    earliest = patients.phase_s[block].astype(np.float64) + shift * patients.period_s[block]
    return bool((earliest < horizon_s).any())
