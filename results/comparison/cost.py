"""What 1,000 acknowledged uploads cost, by a price file (definitions 6.8).

``(core_s × c_core + GB_s × c_memory + GB_stored × c_store + GB_out × c_net) / acknowledged × 1000``

The parts of one slice of time are added before slices are resampled, so that the interval knows that they rise and fall together.
What nobody recorded is not guessed: it is not in the sum, and its name is in `without`.
"""

from __future__ import annotations

import numpy as np

from results.comparison.figures import PER, Figure, generator_of, per_uploads
from results.comparison.intervals import of_draws
from results.comparison.model import Cost
from results.comparison.prices import Prices
from results.comparison.resources import Used

_HOUR_S = 3600


def cost(phase: str, used: Used, prices: Prices, side: int) -> tuple[Cost, Figure]:
    """Of the services in one phase: as it is written, and as a figure with draws. `side` as in `figures.measure`."""
    unit_prices = {
        "cpu": (used.cpu_s, prices.core_hour.price / _HOUR_S),
        "memory": (used.memory_gb_s, prices.memory_gb_hour.price / _HOUR_S),
        "stored for a month": (used.stored_gb, prices.stored_gb_month.price),
        "sent": (used.out_gb, prices.out_gb.price),
    }
    columns = {name: column * price for name, (column, price) in unit_prices.items() if column is not None}
    without = [name for name, (column, _) in unit_prices.items() if column is None]
    if not columns:
        nothing = Cost(phase=phase, per_uploads=PER, value=None, low=None, high=None, parts={}, without=without)
        return nothing, Figure(None, why="not recorded")
    total = np.sum(list(columns.values()), axis=0)
    figure = per_uploads(total, used, generator_of(f"cost/{phase}", side))
    acknowledged = float(used.uploads.sum())
    ends = of_draws(figure.draws) if figure.draws is not None else None
    made = Cost(
        phase=phase,
        per_uploads=PER,
        value=figure.value,
        low=ends.low if ends else None,
        high=ends.high if ends else None,
        parts={
            name: float(column.sum()) / acknowledged * PER if acknowledged else None for name, column in columns.items()
        },
        without=without,
    )
    return made, figure
