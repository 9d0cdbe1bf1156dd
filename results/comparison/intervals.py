"""95 % intervals: quantiles and ratios of sums by bootstrap, ratios of counts by Wilson and Newcombe. Vectorised, seeded.

Quantiles. The resampled q-quantile of n values is their ``ceil(n U)``-th smallest, where U is the k-th smallest of n uniform
numbers, k = ceil(q n): U ~ Beta(k, n - k + 1). So a bootstrap draw needs one Beta number and one look into the sorted sample, and
the draws are exactly those of resampling all n values (Efron and Tibshirani 1993, section 17.2, "exact" bootstrap of an order
statistic): there is nothing to be saved by a subsample.

Readings of one moment share its luck (a pause makes hundreds late together), so n readings say less than n independent ones. In
place of n stands the effective number ``n' = q (1 - q) / Var(F)``, where F is the share of values up to the quantile and
its variance is that between blocks of time (linearised, Woodruff 1952; Kish 1965, "design effect"). Where the sample consists of
classes whose shares the schedule fixes (distances), deviations are taken from the share in each class: the mix is no luck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

DRAWS = 4000
Z = 1.959964  # 97.5 % of the normal distribution
LEAST = 100  # readings
LEAST_BLOCKS = 5
_MOST_BLOCKS = 30
_LEAST_BLOCK_NS = 1_000_000_000
_MOST_GAIN = 100.0  # n' is at most so many times n


@dataclass(frozen=True)
class Interval:
    """Both ends, in the unit of the figure; an end may be infinite (a reading that never was acknowledged)."""

    low: float
    high: float


def blocks(t_ns: Numbers, begin_ns: int, end_ns: int) -> Numbers:
    """The number of the block of time of each moment: at most 30 blocks in [begin, end), each at least a second long."""
    count = max(1, min(_MOST_BLOCKS, (end_ns - begin_ns) // _LEAST_BLOCK_NS))
    return np.clip((t_ns - begin_ns) * count // max(1, end_ns - begin_ns), 0, count - 1)


def rank(q: float, n: int) -> int:
    """Rank of the q-quantile among n values, 1 … n: the smallest value with at least the share q up to it."""
    return min(n, max(1, math.ceil(q * n - 1e-9)))


def effective_number(late: npt.NDArray[np.bool_], block: Numbers, classes: Numbers) -> float:
    """How many independent readings would know the share of `late` ones as well as these do (see the module).

    late     of each reading, whether it lies above the quantile
    classes  of each reading, the number of its class; all 0 where there is one
    """
    n = len(late)
    share = float(late.mean())
    if share in (0.0, 1.0):
        return float(n)
    in_class = np.bincount(classes, weights=late) / np.maximum(np.bincount(classes), 1)
    totals = np.bincount(block, weights=late - in_class[classes])
    totals = totals[np.bincount(block, minlength=len(totals)) > 0]
    count = len(totals)
    if count < 2:
        return 0.0
    variance = float(totals @ totals) * count / (count - 1) / n**2
    # readings that are independent differ as much as this; that blocks differ less than by luck is luck itself
    independent = float((in_class * (1 - in_class))[classes].mean()) / n
    variance = max(variance, independent) * (student(count) / Z) ** 2
    return min(n * _MOST_GAIN, share * (1 - share) / variance) if variance > 0 else n * _MOST_GAIN


def student(count: int) -> float:
    """97.5 % of Student's t with count - 1 degrees of freedom (Cornish and Fisher, first term): few know their spread badly."""
    return Z + (Z**3 + Z) / (4 * (count - 1))


def needed(q: float) -> int:
    """Least effective number for the upper end of the quantile's interval to exist in the sample: n'(1 - q) >= z² q."""
    return math.ceil(Z * Z * max(q / (1 - q), (1 - q) / q))


def quantile_draws(ordered: Floats, q: float, effective: float, rng: np.random.Generator) -> Floats:
    """`DRAWS` bootstrap draws of the q-quantile of a sorted sample that is worth `effective` independent values."""
    n = len(ordered)
    k, scale = rank(q, n), effective / n
    draws = rng.beta(k * scale, (n - k + 1) * scale, DRAWS)
    return ordered[np.clip(np.ceil(draws * n).astype(np.int64), 1, n) - 1]


def of_draws(draws: Floats) -> Interval:
    """Percentile interval of bootstrap draws. Ends are draws themselves, so that infinite ones stay what they are."""
    ordered = np.sort(draws)
    return Interval(
        float(ordered[math.floor(0.025 * (len(ordered) - 1))]), float(ordered[math.ceil(0.975 * (len(ordered) - 1))])
    )


def difference(new: Floats, old: Floats) -> Floats:
    """new - old, draw by draw; both infinite: no difference."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(new) & np.isinf(old), 0.0, new - old)


def ratio_draws(amounts: Floats, uploads: Floats, rng: np.random.Generator) -> Floats:
    """Draws of sum(amounts) / sum(uploads): slices of time are resampled as wholes, each with its amount and its uploads.

    Their spread is widened as a variance from so few slices has to be: n / (n - 1), and t in place of z.
    """
    count = len(amounts)
    weights = rng.multinomial(count, np.full(count, 1 / count), DRAWS)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = (weights @ amounts) / (weights @ uploads)
    point = amounts.sum() / uploads.sum()
    return np.asarray(point + (draws - point) * math.sqrt(count / (count - 1)) * student(count) / Z, dtype=np.float64)


def wilson(good: int, total: int) -> Interval:
    """Score interval of a ratio (Wilson 1927)."""
    p, z2 = good / total, Z * Z
    centre = p + z2 / (2 * total)
    spread = Z * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    return Interval(
        max(0.0, (centre - spread) / (1 + z2 / total)) if good else 0.0,
        min(1.0, (centre + spread) / (1 + z2 / total)) if good < total else 1.0,
    )


def newcombe(good_new: int, total_new: int, good_old: int, total_old: int) -> Interval:
    """Interval of new ratio - old ratio from both score intervals (Newcombe 1998, method 10)."""
    new, old = wilson(good_new, total_new), wilson(good_old, total_old)
    p, r = good_new / total_new, good_old / total_old
    return Interval(
        p - r - math.hypot(p - new.low, old.high - r),
        p - r + math.hypot(new.high - p, r - old.low),
    )
