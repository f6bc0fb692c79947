"""Gap between the two likeliest classes on the eval rows.

Formula: mean_i (p_i(1st) - p_i(2nd)); in [0, 1]; NaN for K = 1.
Source: Scheffer, Decomain and Wrobel, Active hidden Markov models, 2001. Cost: the shared fit.
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
    """Return the mean gap.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.809
    """
    if sample.n_classes < 2:
        return math.nan
    top = np.sort(sample.head.probabilities[0], axis=1)[:, -2:]
    return float((top[:, 1] - top[:, 0]).mean())
