"""TransRate: the coding rate of all rows less that of the classes.

Formula: R(Z) - sum_c n_c/n R(Z_c), R(A) = 1/2 ln det(I + A^T A / (e m)) for m rows A and
e = 1e-4, Z the rows in at most 32 principal axes over their root mean square length, Z_c those
of class c about the mean of all; in [0, inf); NaN for one class, classes of one row each, or
constant rows.
Source: Huang et al., Frustratingly easy transferability estimation, ICML 2022;
classes weigh by their share as in Ma et al., Segmentation of multivariate mixed data, PAMI 2007.
Cost: K determinants of size 32 after the shared axes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
PRECISION = 1e-4


def compute(sample: Sample) -> float:
    """Return the rate that labels save.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[0, 0], [0, 1], [9, 0], [9, 1]], [0, 0, 1, 1], [[0, 0]])), 6)
    0.0
    >>> round(compute(Sample([[-2, 0], [2, 0], [0, -2], [0, 2]], [0, 0, 1, 1], [[0, 0]])), 3)
    3.912
    """
    Z, counts = sample.principal, sample.class_counts[sample.present]
    if len(counts) < 2 or counts.max() < 2 or not Z.size:
        return math.nan
    rows = np.split(Z[np.argsort(sample.y_train, kind="stable")], np.cumsum(counts)[:-1])
    within = float(counts @ [_rate(some) for some in rows]) / len(Z)
    return max(_rate(Z) - within, 0.0)


def _rate(A: Floats) -> float:
    """Return the coding rate of rows (m, r), by the smaller of their Gram matrices."""
    m, r = A.shape
    gram = A @ A.T if m < r else A.T @ A
    gram /= PRECISION * m
    gram.flat[:: len(gram) + 1] += 1
    return float(np.log(np.diag(np.linalg.cholesky(gram))).sum())
