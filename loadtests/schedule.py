"""When each patient's readings are due: an open arrival schedule, computed from the seed before the first upload.

How the service answers changes nothing here, and neither does the number of workers: every worker computes the whole
schedule and takes the rows of its patients.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loadtests.population import Patients
from results.plan import Load


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
            whole.update(np.ascontiguousarray(column).tobytes())
        return whole.hexdigest()

    def of_worker(self, worker: int, workers: int) -> Schedule:
        """The rows of the patients of one worker: those with patient % workers == worker."""
        mine = self.patient % workers == worker
        return Schedule(self.due_ns[mine], self.patient[mine], self.seq[mine])


def share(worker: int, workers: int, patients: int) -> int:
    """How many of so many patients are a worker's."""
    return len(range(worker, patients, workers))


def make_schedule(patients: Patients, load: Load, seed: int, horizon_s: float) -> Schedule:
    """All readings due within `horizon_s` of the start.

    A patient's readings lie at phase + (k + u) periods, k = -1, 0, 1 …, u uniform within ± `load.jitter`, as far as that is
    not before the start; then on the grid of `load.grid_ms` (upwards). Jitter is round the regular time and does not add
    up, so the rate is even from the first second to the last. Ties are in order of the patient.

    With `load.ramp_s` the rate rises evenly from none to all of it over so long: of what lies at t < ramp_s, a share of
    t / ramp_s is kept (thinning, as of Lewis and Shedler 1979), and who is left out comes with the next period.
    """
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 9]))
    thinning = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, 10]))
    due, who, seqs = [], [], []
    count = np.zeros(len(patients), np.int32)
    earliest, k = patients.phase_s.astype(np.float64), -1
    while k < 0 or (earliest + (k - load.jitter) * patients.period_s < horizon_s).any():
        # drawn for everybody, so that the horizon does not change anybody's later readings
        shift = k + load.jitter * (2 * rng.random(len(patients)) - 1)
        at = earliest + shift * patients.period_s
        takes_part = (at >= 0) & (at >= load.ramp_s * thinning.random(len(patients)))
        mine = np.flatnonzero(takes_part & (at < horizon_s)).astype(np.int32)
        count[takes_part] += 1
        due.append(at[mine])
        who.append(mine)
        seqs.append(count[mine].copy())
        k += 1
    due_ns = (np.concatenate(due) * 1e9).astype(np.int64)
    if load.grid_ms:
        grid = load.grid_ms * 1_000_000
        due_ns = -(-due_ns // grid) * grid
    patient, seq_column = np.concatenate(who), np.concatenate(seqs)
    order = np.lexsort((patient, due_ns))
    return Schedule(due_ns[order], patient[order], seq_column[order])
