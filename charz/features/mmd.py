"""Maximum mean discrepancy between training and eval rows, unbiased.

Formula: mean_{i != j} k(x_i, x_j) + mean_{i != j} k(z_i, z_j) - 2 mean_ij k(x_i, z_j), with k(a,
b) = exp(-|a - b|^2 / m), m the median squared distance between a training and an eval row. In
[-2, 2], about 0 without shift (and then as often negative); NaN for a single row on either side
or m = 0. At most 1,024 training rows count, and as many eval rows as training rows (at least
128): every so-many-th, in order of distance from the training mean, a choice that no order of
rows, rotation, translation or scale changes.
Source: Gretton et al., A kernel two-sample test, JMLR 2012, equation 3 and section 8
(bandwidth).
Cost: under 3 million kernel values after the shared distances.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (-2.0, 2.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
SOME = 4096
"""Values that tell about where the median of many is."""


def compute(sample: Sample) -> float:
    """Return the unbiased squared discrepancy.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0], [1]], [0, 1], [[10], [11]])), 3)
    1.241
    """
    if min(sample.n_train, sample.n_eval) < 2:
        return math.nan
    cross = sample.eval_distances.some(sample.counted, sample.compared)
    bandwidth = median(cross.ravel())
    if bandwidth <= 0:
        return math.nan
    within_train = _mean_off_diagonal(sample.among, bandwidth)
    within_eval = _mean_off_diagonal(sample.eval_among, bandwidth)
    return within_train + within_eval - 2 * _kernels(cross, bandwidth) / cross.size


def median(values: Floats) -> float:
    """Return the median; of many values from those in a bracket that a few of them suggest.

    >>> median(np.arange(10001.0)), median(np.array([1.0, 2.0]))
    (5000.0, 1.5)
    """
    n = len(values)
    if n > 4 * SOME:
        low, high = np.quantile(values[:: n // SOME], [0.47, 0.53]).astype(values.dtype)
        inside = values[np.flatnonzero((values >= low) & (values <= high))]
        first = (n - 1) // 2 - np.count_nonzero(values < low)
        if 0 <= first < len(inside) - 1:
            ranked = np.partition(inside, first)
            middle = float(ranked[first])
            return middle if n % 2 else (middle + float(ranked[first + 1 :].min())) / 2
    return float(np.median(values))


def _mean_off_diagonal(squared: Floats, bandwidth: float) -> float:
    """Return the mean kernel over pairs; the diagonal's distance is infinite, its kernel 0."""
    n = len(squared)
    return _kernels(squared, bandwidth) / (n * (n - 1))


def _kernels(squared: Floats, bandwidth: float) -> float:
    values = squared * (-1 / bandwidth)
    np.exp(values, out=values)
    return float(values.sum(dtype=np.float64))
