"""Frechet distance between training and eval rows on the leading axes of the training rows.

Formula: |m_s - m_t|^2 + tr(S_s + S_t - 2 (S_s S_t)^(1/2)), m and S mean and covariance (over the
number of rows) on the at most 32 principal axes of the training rows, in mean squared lengths of
a centred training row. In [0, inf), 0 for the same mean and covariance; few rows make it larger.
NaN for a single row on either side, or where training rows are all the same.
Source: Dowson and Landau, The Frechet distance between multivariate normal distributions, 1982;
of a shift Deng and Zheng, Are labels always necessary for classifier accuracy evaluation?, CVPR
2021. Cost: O((n + m) d) for each axis after the shared factorisation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.factor import Factor
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
MOST = 32
FLAT = 1e-10
"""Variance, of the largest, that is rounding."""


def compute(sample: Sample) -> float:
    """Return the squared distance.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [2]], [0, 1], [[3], [5]]))
    9.0
    """
    n, m = sample.n_train, sample.n_eval
    if min(n, m) < 2 or sample.scatter <= sample.noise * n:
        return math.nan
    values, axes = leading(sample.factor, MOST)
    if sample.is_wide:
        axes = sample.centered.T @ axes / (np.sqrt(values) * sample.unit)
    rows = sample.eval_points.rows
    Z = (rows @ axes.astype(rows.dtype)).astype(np.float64)
    mean = Z.mean(axis=0)
    Z -= mean
    spreads = np.sqrt(values / n)
    product = np.linalg.eigvalsh((Z.T @ Z / m) * np.outer(spreads, spreads))
    shared = float(np.sqrt(np.maximum(product, 0)).sum())
    total = float(spreads @ spreads) + float(np.einsum("ij,ij", Z, Z)) / m
    return max(float(mean @ mean) + total - 2 * shared, 0.0)


def leading(factor: Factor, most: int) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues (q,) of a factorised matrix, and its eigenvectors (r, q)."""
    from scipy.linalg import eigh_tridiagonal

    r = len(factor.diagonal)
    if r == 1:
        return factor.diagonal, factor.axes
    some = (max(r - most, 0), r - 1)
    values, vectors = eigh_tridiagonal(
        factor.diagonal, factor.off, select="i", select_range=some, lapack_driver="stemr"
    )
    kept = values > FLAT * values[-1]
    return values[kept], factor.axes @ vectors[:, kept]
