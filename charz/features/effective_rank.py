"""Effective rank of the training rows.

Formula: exp(-sum_j p_j ln p_j), p_j the share of eigenvalue j in the trace of the covariance;
in [1, min(n - 1, d)]; NaN when all rows are the same.
Source: Roy and Vetterli, The effective rank, EUSIPCO 2007, definition 1 (there of singular
values; of eigenvalues here, as a covariance asks for). Cost: the shared eigendecomposition.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (1.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the exponential of the spectrum's entropy.

    >>> from charz.sample import Sample
    >>> round(compute(Sample([[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0, 1, 1], [[0, 0]])), 6)
    2.0
    """
    values = variances(sample)
    if not values.size:
        return math.nan
    shares = values / values.sum()
    return max(float(np.exp(-(shares @ np.log(shares)))), 1.0)
