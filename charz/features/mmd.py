"""Maximum mean discrepancy between training and eval rows, unbiased.

Formula: mean_{i != j} k(x_i, x_j) + mean_{i != j} k(z_i, z_j) - 2 mean_ij k(x_i, z_j), with k(a,
b) = exp(-|a - b|^2 / m), m the median squared distance between a training and an eval row. In
[-2, 2], about 0 without shift (and then as often negative); NaN for a single row on either side
or m = 0. Beyond 1,024 rows on a side every so-many-th counts, in order of distance from the
training mean: a choice that no order of rows, rotation, translation or scale changes.
Source: Gretton et al., A kernel two-sample test, JMLR 2012, equation 3 and section 8
(bandwidth).
Cost: O(n m d), under 1,024^2 kernel values a block.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

RANGE = (-2.0, 2.0)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
MOST = 1024


def compute(sample: Sample) -> float:
    """Return the unbiased squared discrepancy.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0], [1]], [0, 1], [[10], [11]])), 3)
    1.241
    """
    if min(sample.n_train, sample.n_eval) < 2:
        return math.nan
    moved = sample.X_eval - sample.mean
    rows, columns = _spread(moved), _spread(sample.centered)
    cross = sample.eval_distances[np.ix_(rows, columns)]
    bandwidth = float(np.median(cross))
    if bandwidth <= 0:
        return math.nan
    within_train = _mean_off_diagonal(sample.train_distances[np.ix_(columns, columns)], bandwidth)
    within_eval = _mean_off_diagonal(_distances(moved[rows]), bandwidth)
    return within_train + within_eval - 2 * float(np.exp(cross / -bandwidth).mean())


def _spread(moved: Floats) -> Ints:
    """Return at most `MOST` row numbers, evenly spaced by length."""
    n = len(moved)
    if n <= MOST:
        return np.arange(n)
    order = np.argsort(np.einsum("ij,ij->i", moved, moved), kind="stable")
    return order[(np.arange(MOST) * n) // MOST]


def _distances(A: Floats) -> Floats:
    lengths = np.einsum("ij,ij->i", A, A)
    squared: Floats = np.clip(lengths[:, None] + lengths - 2 * (A @ A.T), 0, None)
    np.fill_diagonal(squared, np.inf)
    return squared


def _mean_off_diagonal(squared: Floats, bandwidth: float) -> float:
    """Return the mean kernel over pairs; the diagonal's distance is infinite, its kernel 0."""
    n = len(squared)
    return float(np.exp(squared / -bandwidth).sum()) / (n * (n - 1))
