"""Figures with the intervals in which they would lie, had other such questions been asked."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

# The normal distribution's, for 95 %.
_Z = 1.959963984540054
_RESAMPLES = 2000
_SEED = 20261120


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of ``n`` questions and its 95 % confidence interval."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        if self.n == 0:
            return "–"
        return f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"


def share(outcomes: Collection[bool]) -> Estimate:
    """Return the share of what is true, with Wilson's interval; of nothing, nothing is known."""
    n = len(outcomes)
    if n == 0:
        return Estimate(0.0, 0.0, 1.0, 0)
    p = sum(outcomes) / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    # The ends of an extreme share are exact; the arithmetic misses them by the last digit.
    low = 0.0 if p == 0 else middle - half
    high = 1.0 if p == 1 else middle + half
    return Estimate(p, low, high, n)


def mean(values: Sequence[float]) -> Estimate:
    """Return the mean, with the percentile interval of a bootstrap that repeats exactly."""
    n = len(values)
    if n == 0:
        return Estimate(0.0, 0.0, 0.0, 0)
    drawn = np.random.default_rng(_SEED).integers(0, n, size=(_RESAMPLES, n))
    means = np.asarray(values, dtype=np.float64)[drawn].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Estimate(sum(values) / n, float(low), float(high), n)
