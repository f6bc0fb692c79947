"""Entropy of the deployed probe's answers on the eval rows.

Formula: -mean_i sum_c p_i(c) ln p_i(c) / ln K; in [0, 1]; NaN for K = 1.
Source: Shannon, 1948; as a sign of error Garg et al., ICLR 2022. Cost: the shared fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the mean normalised entropy.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.298
    """
    if sample.n_classes < 2:
        return math.nan
    P = sample.head.probabilities[0].astype(np.float64)
    logs = np.log(np.where(P > 0, P, 1))
    entropy = -float(np.einsum("nk,nk", P, logs)) / (sample.n_eval * math.log(sample.n_classes))
    return min(max(entropy, 0.0), 1.0)
