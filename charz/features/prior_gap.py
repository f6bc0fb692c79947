"""Total variation between the labels' class shares and the probe's on the eval rows.

Formula: 1/2 sum_c |n_c / n - mean_i p_i(c)|; in [0, 1], near 0 without shift of classes.
Source: Lipton, Wang and Smola, Detecting and correcting for label shift, ICML 2018.
Cost: the shared fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.sample import Sample

RANGE = (0.0, 1.0)
INVARIANT = frozenset[str]()


def compute(sample: Sample) -> float:
    """Return the total variation distance.

    >>> from charz.sample import Sample
    >>> X, y = [[0], [1], [2], [7], [8], [9]], [0, 0, 0, 1, 1, 1]
    >>> round(compute(Sample(X, y, [[1], [4], [8]])), 3)
    0.072
    """
    answered = sample.head.probabilities[0].mean(axis=0, dtype=np.float64)
    return min(float(np.abs(sample.class_counts / sample.n_train - answered).sum()) / 2, 1.0)
