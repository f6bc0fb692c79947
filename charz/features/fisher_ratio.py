"""Scatter between classes over scatter within, each by its degrees of freedom.

Formula: [sum_c n_c |mu_c - mu|^2 / (K - 1)] / [sum_i |x_i - mu_y|^2 / (n - K)], K the classes
present; in [0, inf), near 1 when labels say nothing; NaN when K < 2, n = K, or no class varies.
Source: Calinski and Harabasz, A dendrite method for cluster analysis, 1974; as a test Anderson,
PERMANOVA, 2001, equation 1. Cost: O(n d).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})


def compute(sample: Sample) -> float:
    """Return the pseudo-F ratio of the labels.

    >>> from charz.sample import Sample
    >>> compute(Sample([[0], [2], [4], [6]], [0, 0, 1, 1], [[0]]))
    8.0
    """
    n, k = sample.n_train, len(sample.present)
    means = sample.class_offsets
    between = float(sample.class_counts @ np.einsum("ij,ij->i", means, means))
    within = sample.scatter - between
    if within < 1e-6 * sample.scatter:  # so few digits are left that residuals have to tell
        residual = sample.centered - means[sample.y_train]
        within = float(np.einsum("ij,ij", residual, residual))
    if k < 2 or n == k or within <= sample.noise * n:
        return math.nan
    return (between / (k - 1)) / (within / (n - k))
