"""Who the patients are: a row in NumPy arrays each, a few bytes, the same for any number of workers.

Every attribute is drawn in strata: shares of the plan are met to the patient, not on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from results.plan import Plan

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Patients:
    """Columns of equal length, indexed by patient; each holds indexes into the names beside it.

    period_s   (float32) a reading every so many seconds
    phase_s    (float32) the first reading, 0 <= phase_s < period_s
    """

    client: Codes
    clients: Sequence[str]
    distance: Codes
    distances: Sequence[str]
    region: Codes
    regions: Sequence[str]
    condition: Codes
    conditions: Sequence[str]
    period_s: npt.NDArray[np.float32]
    phase_s: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.client)


def make_patients(plan: Plan) -> Patients:
    """The population of a plan. Raises ValueError where the rate is too low for the classes that have their own period."""
    count = plan.population.patients
    classes = plan.load.classes
    client = _strata(plan.seed, 1, count, [each.share for each in classes])
    distance = _strata(plan.seed, 2, count, list(plan.load.distances.values()))
    region = _strata(plan.seed, 3, count, list(plan.population.regions.values()))
    condition = _strata(plan.seed, 4, count, list(plan.population.conditions.values()))
    period = _periods(plan, client)
    # a stratified phase within each class: arrivals are even from the first period on
    phase = np.empty(count, np.float32)
    rng = _generator(plan.seed, 5)
    for number in range(len(classes)):
        members = np.flatnonzero(client == number)
        places = rng.permutation(len(members)) + rng.random(len(members))
        phase[members] = (places / max(1, len(members))) * period[members]
    return Patients(
        client=client,
        clients=[each.name for each in classes],
        distance=distance,
        distances=list(plan.load.distances),
        region=region,
        regions=list(plan.population.regions),
        condition=condition,
        conditions=list(plan.population.conditions),
        period_s=period,
        phase_s=phase,
    )


def _periods(plan: Plan, client: Codes) -> npt.NDArray[np.float32]:
    """Classes with their own period keep it; the others share what the plan's rate leaves."""
    own = np.array([each.period_s or 0 for each in plan.load.classes], np.float32)
    period = own[client]
    fixed = period > 0
    left = plan.load.rate - float(np.sum(1 / period[fixed]))
    others = int(np.count_nonzero(~fixed))
    if others and left <= 0:
        raise ValueError(f"load.rate {plan.load.rate:g}: the classes with a period of their own need it all")
    period[~fixed] = others / left if others else 0
    return period


def _strata(seed: int, stream: int, count: int, shares: Sequence[float]) -> Codes:
    """`count` codes in random order, each code as often as its share says (rounded, the rest to the first)."""
    ends = np.rint(np.cumsum(shares) * count).astype(np.int64)
    ends[-1] = count
    sizes = np.diff(ends, prepend=0)
    codes = np.repeat(np.arange(len(shares), dtype=np.uint8), sizes)
    return _generator(seed, stream).permutation(codes)


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, stream]))
